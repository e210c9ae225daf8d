"""What the program that reads workbooks consists of (``weighting/readers/sheet_program.py``).

It imports nothing of the product, so that starting it costs little more than starting Python: neither it nor
these files import what is slow to load and can be done without.
"""
