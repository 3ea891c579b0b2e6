"""Price books: their reader, the one lookup, stand-ins, and the builder of list books."""
