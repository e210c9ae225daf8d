from config.celery import app as celery_app
from config.garbage import look_seldom

look_seldom()

__all__ = ["celery_app"]
