"""``manage.py gathering``: an edition that several hands deliver: opened, delivered to, looked at, stored."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from indexer.management.import_options import (
    ALL,
    add_mapping,
    add_terms,
    found,
    mapping_said,
    refused_words,
    terms_said,
)
from indexer.models import DataSet, Gathering
from indexer.selectors.gatherings import gatherings_owned_by, gatherings_visible_to, progress_of
from indexer.services.data_imports import store_import
from indexer.services.gatherings import assemble_gathering, deliver_import, open_gathering, terms_of_delivery
from indexer.services.mapped_imports import map_import
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.readers import FileProblems


class Command(BaseCommand):
    help = "Gather an edition of the files that several partners deliver, some of the indicators each."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        opened = acts.add_parser("open", help="say what the edition will be of")
        add_terms(opened)
        opened.add_argument("--year", required=True)
        delivered = acts.add_parser("deliver", help="hand a file of some of the indicators over")
        delivered.add_argument("file", type=Path)
        delivered.add_argument("--partner", required=True, help="whose figures they are")
        add_mapping(delivered)
        shown = acts.add_parser("show", help="what is still missing, and who delivered what when")
        stored = acts.add_parser("store", help="make the edition of all that was delivered")
        for act in (delivered, shown, stored):
            act.add_argument("--gathering", type=int, required=True, help="its number")
        for act in (opened, delivered, shown, stored):
            act.add_argument("--account", required=True, help="user name of who does it")

    def handle(self, *args: Any, **options: Any) -> None:
        account = found(Account, username=options["account"])
        act = {"open": self._open, "deliver": self._deliver, "show": self._show, "store": self._store}
        try:
            act[options["act"]](account, options)
        except FileProblems as wrong:
            raise CommandError(str(wrong)) from wrong
        except Refused as refusal:
            raise CommandError(refused_words(refusal)) from refusal

    @transaction.atomic
    def _open(self, account: Account, options: dict[str, Any]) -> None:
        terms = terms_said(options, account)
        if options["year"] == ALL or not (terms.series or terms.register):
            raise CommandError("A gathering is of one year, and of the units of a --series or a --register.")
        gathering = open_gathering(terms=terms, actor=account)
        self.stdout.write(f"{gathering.pk}: {gathering.name} {gathering.year}")

    @transaction.atomic
    def _deliver(self, account: Account, options: dict[str, Any]) -> None:
        gathering = _visible(account, options)
        terms = terms_of_delivery(gathering, partner=options["partner"])
        sent = mapping_said(options, gathering.register)
        draft = map_import(terms=terms, totals=None, actor=account, **sent)
        delivery = deliver_import(draft, actor=account)
        codes, units = ", ".join(delivery.leaf_codes), len(delivery.city_ids)
        self.stdout.write(f"{delivery.file_name}, {delivery.partner}: {codes} of {units}")

    def _show(self, account: Account, options: dict[str, Any]) -> None:
        gathering = _visible(account, options)
        progress = progress_of(gathering)
        for status in progress.leaves:
            who = status.delivery.partner if status.delivery else "nobody"
            told = f"{status.leaf.code}: {status.count} of {len(progress.together.city_ids)}, {who}"
            missing = f"; missing: {', '.join(status.missing)}" if status.delivery and status.missing else ""
            self.stdout.write(told + missing)
        for one in progress.together.deliveries:
            self.stdout.write(f"{one.delivered_at:%Y-%m-%d %H:%M} {one.partner}: {one.file_name}")

    @transaction.atomic
    def _store(self, account: Account, options: dict[str, Any]) -> None:
        gathering = gatherings_owned_by(account).filter(pk=options["gathering"]).first()
        if gathering is None:
            raise CommandError(f"{account} owns no gathering {options['gathering']}.")
        edition: DataSet = store_import(assemble_gathering(gathering, actor=account), actor=account)
        self.stdout.write(f"{edition.pk}: {edition.name} {edition.year}, edition {edition.edition}")


def _visible(account: Account, options: dict[str, Any]) -> Gathering:
    gathering = gatherings_visible_to(account).filter(pk=options["gathering"]).first()
    if gathering is None:
        raise CommandError(f"{account} sees no gathering {options['gathering']}.")
    return gathering
