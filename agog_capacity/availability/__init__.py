"""What contracts promise: published SLAs and the arithmetic of a serving path."""
