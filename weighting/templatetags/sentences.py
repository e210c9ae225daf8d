"""What stands between two sentences of a template, between a number and its unit, and around names."""

from django import template

from weighting import lettering, sentences

register = template.Library()
register.simple_tag(sentences.sentence_gap)
register.filter(sentences.unit_behind)
register.filter(lettering.set_apart)
register.filter(sentences.side_by_side)
