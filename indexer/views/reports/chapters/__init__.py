"""The chapters that a written report can have, one file each."""
