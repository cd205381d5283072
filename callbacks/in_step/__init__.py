"""How a callback acts inside a compiled train step; README.md has a picture."""
