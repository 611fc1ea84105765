"""Images, masks and contours as arrays with their geometry, before any feature is computed.

Reading and axis order (``images``), masks as another reader would have drawn them (``contours``), and the smooth
random fields that move a contour or texture a phantom (``random_fields``).

May import: errors, notices.
"""
