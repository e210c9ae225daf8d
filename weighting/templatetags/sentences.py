"""What stands between two sentences of a template."""

from django import template

from weighting import sentences

register = template.Library()
register.simple_tag(sentences.sentence_gap)
