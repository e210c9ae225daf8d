"""Files that tests of pages, services and the API upload."""

from django.core.files.uploadedfile import SimpleUploadedFile

FRAMEWORK_CSV = """code,parent,name_zh,name_en,direction,unit,note
infra,,基础,Infrastructure,1,,
industry,,产业,Industry,1,,
fixed,infra,固定网络,Fixed network,1,户,
mobile,infra,移动网络,Mobile network,1,户,
faults,industry,故障率,Failure rate,-1,%,
"""
PANEL_CSV = """code,name,email,organisation,sector,language
E1,李一,one@panel.example,清华大学,academic,zh-hans
E2,Two,two@panel.example,,industry,en
"""


def upload(text, name="table.csv", encoding="utf-8"):
    """Return the text as an uploaded file."""
    return SimpleUploadedFile(name, text.encode(encoding), content_type="text/csv")
