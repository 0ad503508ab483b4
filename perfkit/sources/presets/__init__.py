"""Presets: what the exports of known tools hold, as data (*.toml), and what must hold in them."""
