"""The chart library comes out of an installed package."""

from django.core.management import call_command


def test_the_bundle_is_written_where_static_files_are_found(settings, tmp_path, capsys):
    settings.BASE_DIR = tmp_path
    settings.VENDOR_DIR = tmp_path / "build"
    call_command("build_vendor_js")
    script = (tmp_path / "build/vendor/vega.js").read_text()
    assert "window.vegaEmbed" in script
    # Manifest storage would look for a map that is not there.
    assert "sourceMappingURL" not in script
    assert "vendor/vega.js" in capsys.readouterr().out


def test_it_is_written_again_only_where_it_is_of_another_release(settings, tmp_path, capsys):
    settings.BASE_DIR = tmp_path
    settings.VENDOR_DIR = tmp_path / "build"
    call_command("build_vendor_js")
    script = tmp_path / "build/vendor/vega.js"
    made, words = script.stat(), script.read_text()
    capsys.readouterr()

    call_command("build_vendor_js")
    assert (script.stat().st_ino, capsys.readouterr().out) == (made.st_ino, "")

    script.write_text("// vl-convert 0.0.1, Vega-Lite 5.0\nold")
    call_command("build_vendor_js")
    assert script.read_text() == words
