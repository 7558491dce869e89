"""Where a picture is cut: focal points, pieces, automatic sizes."""
