"""What stands between two sentences of a template, and between a number and its unit."""

from django import template

from weighting import sentences

register = template.Library()
register.simple_tag(sentences.sentence_gap)
register.filter(sentences.unit_behind)
