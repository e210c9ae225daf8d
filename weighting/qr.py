"""A link as a picture that phones read."""

import segno


def qr_svg(text: str) -> str:
    """Return the QR code of a text as inline SVG without styles, with the quiet zone phones need."""
    return segno.make(text, error="m", micro=False).svg_inline(
        scale=3, border=4, omitsize=True, light="#fff", svgclass="qr", lineclass=None
    )
