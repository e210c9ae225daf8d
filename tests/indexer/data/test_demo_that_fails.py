import pytest

from indexer.management.commands import load_demo as command
from weighting.models import Account, Framework


@pytest.mark.django_db
def test_a_loading_that_fails_leaves_nothing(monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(command, "record_printed_figures", fail)

    with pytest.raises(OSError, match="disk full"):
        command.load_demo()

    assert not Account.objects.exists()
    assert not Framework.objects.exists()
