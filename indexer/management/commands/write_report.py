"""``manage.py write_report``: the written report of a run or of a published edition, in files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from indexer.enums import ReportChapter, RunStatus
from indexer.management.released import released_edition
from indexer.management.static_files import require_static_files
from indexer.models import Run
from indexer.selectors.reports import outline_of, report_of_edition, words_in_report
from indexer.selectors.runs import runs_with_nodes
from indexer.views.public.report_files import report_files
from indexer.views.reports.document import Document, write_document
from indexer.views.reports.material import Material
from weighting.confined import Broke, TookTooLong
from weighting.enums import Language
from weighting.models import Account
from weighting.turnstiles import NoRoom

LANGUAGES = {"zh": Language.CHINESE.value, "en": Language.ENGLISH.value}


class Command(BaseCommand):
    """The same report as the pages show, as a page with its pictures and as PDF."""

    help = "Write the report of a run or of a published index as HTML and PDF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--run", type=int, help="number of a finished run, as in its address")
        which.add_argument("--index", help="a published index, as in its address /i/NAME/")
        parser.add_argument("--edition", type=int, help="number of an edition of --index; else the newest")
        parser.add_argument("--language", choices=LANGUAGES, default="en", help="language (default en)")
        parser.add_argument(
            "--chapters",
            help=f"joined by commas, in their order; as chosen on the page without it: "
            f"{', '.join(ReportChapter.values)}",
        )
        parser.add_argument(
            "--reader",
            help="account whose view is written: its studies, series and raw values; a stranger's without it",
        )
        parser.add_argument("--out", required=True, type=Path, help="folder to write, new or empty")

    def handle(self, *args: Any, **options: Any) -> None:
        require_static_files()
        out: Path = options["out"]
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise CommandError(f"{out} is there and not an empty folder: choose another --out.")
        if options["edition"] is not None and not options["index"]:
            raise CommandError("--edition is of an index: give --index NAME too.")
        asked = _chapters(options["chapters"])
        with translation.override(LANGUAGES[options["language"]]):
            document = _document(options, asked)
            try:
                files = list(report_files(document))
            except NoRoom:
                raise CommandError("Many pictures and files are being made just now: try again.") from None
            except (TookTooLong, Broke):
                raise CommandError(
                    "It could not be set within the limits: ask for fewer --chapters."
                ) from None
        for name, content in files:
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.stdout.write(f"Wrote {len(files)} files to {out}: chapters {', '.join(document.parts)}.")
        lacking = [code for code in asked if code not in document.parts]
        if lacking:
            self.stdout.write(f"Left out, with nothing to say: {', '.join(lacking)}.")


def _chapters(asked: str | None) -> list[str]:
    """Return the chapters named; none where none are."""
    named = [code.strip() for code in (asked or "").split(",") if code.strip()]
    unknown = [code for code in named if code not in ReportChapter.values]
    if unknown:
        known = ", ".join(ReportChapter.values)
        raise CommandError(f"There is no chapter {', '.join(unknown)}. Known: {known}.")
    return list(dict.fromkeys(named))


def _document(options: dict[str, Any], asked: list[str]) -> Document:
    account, language = _reader(options["reader"]), translation.get_language() or ""
    if options["index"]:
        edition = released_edition(options["index"], options["edition"])
        run, report = edition.run, report_of_edition(edition)
        chapters = report.chapters if report else outline_of(run).chapters
        words = report.words.get(language, {}) if report else words_in_report(run, language, account)
        title = edition.index.name
    else:
        run = _finished(options["run"], account)
        chapters, words = outline_of(run).chapters, words_in_report(run, language, account)
        title = run.data_set.framework.name
    return write_document(Material(run, account), asked or chapters, words, title=title)


def _reader(name: str | None) -> Account | None:
    if name is None:
        return None
    account = Account.objects.filter(username=name, is_active=True).first()
    if account is None:
        raise CommandError(f"There is no account {name}: correct --reader.")
    return account


def _finished(number: int, account: Account | None) -> Run:
    run = runs_with_nodes(account).filter(pk=number).first()
    if run is None or run.status != RunStatus.DONE:
        raise CommandError(f"Run {number} is not there, or not computed yet.")
    return run
