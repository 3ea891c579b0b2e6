"""Finished figures for people: tables, charts, one offline page, images, files. Nothing is computed here."""
