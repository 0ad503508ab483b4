"""Names: invented people, shops and towns' customers, with the accents and apostrophes of real lists."""

import numpy as np

from perfkit.demo.draws import stream

FIRST = (
    "Agathe", "Benoît", "Camille", "Damien", "Élodie", "Fabrice", "Gaëlle", "Hélène", "Inès", "Jérôme", "Karine",
    "Loïc", "Maëlys", "Noémie", "Océane", "Pierrick", "Quentin", "Raphaël", "Solène", "Thérèse", "Ursule", "Véronique",
    "William", "Xavière", "Yann", "Zélie", "Anaïs", "Cédric", "Françoise", "Grégoire", "Joël", "Léonie",
)  # fmt: skip
LAST = (
    "Aubertin", "Bévière", "Chassaigne", "Delorbe", "Estrade", "Féraud-Lacour", "Guérinel", "Hautecombe", "Issarny",
    "Jouvenet", "Kerdoncuff", "Lamirande", "Mézeray", "Nouvion", "Orsival", "Pradelles", "Quémener", "Rocheblave",
    "Sauvanet", "Tréboul", "Urvoas", "Vaugrenard", "Wattebled", "Ybarnégaray", "Zeller", "Brossolasco", "Cazeneuil",
    "D'Astier-Morel", "Escoubès", "Le Goaziou", "Péchenard", "Vallières",
)  # fmt: skip
TOWNS = (
    "Angers", "Annecy", "Avignon", "Bayonne", "Besançon", "Bordeaux", "Brest", "Caen", "Clermont-Ferrand", "Colmar",
    "Dijon", "Grenoble", "La Rochelle", "Lille", "Limoges", "Lyon", "Marseille", "Metz", "Montpellier", "Nancy",
    "Nantes", "Nice", "Nîmes", "Orléans", "Paris", "Pau", "Perpignan", "Poitiers", "Quimper", "Reims", "Rennes",
    "Rouen", "Saint-Étienne", "Saint-Malo", "Strasbourg", "Toulon", "Toulouse", "Tours", "Troyes", "Valence",
)  # fmt: skip
ABROAD = {
    "Belgique": ("Bruxelles", "Liège", "Namur", "Gand"),
    "Suisse": ("Genève", "Lausanne", "Fribourg", "Neuchâtel"),
    "Royaume-Uni": ("Londres", "Bristol", "Édimbourg", "Bath"),
}
SHOPS = {
    "Épiceries fines": ("Épicerie {}", "Au Panier de {}", "La Réserve {}", "Comptoir {}", "Les Délices de {}"),
    "Cafés et restaurants": ("Café {}", "Brasserie {}", "Bistrot de l'Horloge {}", "La Table de {}", "Salon de thé {}"),
    "Hôtels": ("Hôtel {}", "Auberge {}", "Le Domaine de {}", "Hôtel du Parc {}"),
    "Comités d'entreprise": ("CSE {}", "Comité {}", "Amicale {}"),
}
"""By segment of wholesale: how its customers are called."""


def people(seed: int, of: str, size: int) -> list[str]:
    """Return names of people, no two the same in a company of some size."""
    rng = stream(seed, f"names.{of}")
    pairs = np.resize(rng.permutation(len(FIRST) * len(LAST)), size)
    return [f"{FIRST[pair % len(FIRST)]} {LAST[pair // len(FIRST)]}" for pair in pairs.tolist()]


def businesses(seed: int, segments: np.ndarray, countries: np.ndarray) -> list[str]:
    """Return the names of wholesale customers: a kind of shop, a family or a house, and a town."""
    rng = stream(seed, "names.businesses")
    kinds, houses, towns = rng.random((3, segments.size))
    found = []
    for place, (segment, country) in enumerate(zip(segments.tolist(), countries.tolist(), strict=True)):
        patterns, there = SHOPS[segment], ABROAD.get(country, TOWNS)
        pattern = patterns[int(kinds[place] * len(patterns))]
        house, town = LAST[int(houses[place] * len(LAST))], there[int(towns[place] * len(there))]
        found.append(f"{pattern.format(house)} ({town})")
    return found


def shoppers(seed: int, of: str, size: int) -> np.ndarray:
    """Return names of so many private customers; some share a name, as they do."""
    rng = stream(seed, f"names.{of}")
    names = np.array([f"{first} {last}" for first in FIRST for last in LAST], dtype=object)
    return names[rng.integers(0, names.size, size)]
