"""Rules: what is left out by declared rules, credits, totals to hit, currencies, document kinds."""

from collections.abc import Iterator
from decimal import Decimal

from tests.corpus.cases import HEAD, Case, Draw, Outcome, Place, aside, cells, company, notes, ok, plain, refuse, text

FILE = "sales.csv"
SAME = {name: name for name in HEAD}


def cases(seed: int) -> Iterator[Case]:
    for part in (_left_out, _amounts, _controls, _currencies, _documents, _tables):
        for name, content, toml, *rest in part(lambda name: Draw(seed, name)):
            *outcomes, last = rest
            more = last if isinstance(last, dict) else {}
            outcomes = tuple(outcomes if more else rest)
            files = content if isinstance(content, dict) else {FILE: content}
            yield Case("rules", name, files, toml, outcomes, **more)


def _left_out(draw):
    d = draw("left out")
    sales = d.sales(10)
    rows = cells(sales)
    for at in (2, 5, 6):
        rows[at][3] = "POST"
    rest = [sale for at, sale in enumerate(sales) if at not in (2, 5, 6)]
    for name, test in (
        ("in", {"in": ["POST", "FEE"]}),
        ("equals", {"equals": "POST"}),
        ("starts_with", {"starts_with": "PO"}),
        ("matches", {"matches": "^P?OST$"}),
    ):
        toml = company(exclude=[{"column": "product_id", **test, "because": "port"}])
        yield f"left out: {name}", text(rows), toml, notes(rest, 3)
    rows = cells(sales)
    rows[4][2] = ""
    rest = sales[:4] + sales[5:]
    toml = company(exclude=[{"column": "customer_id", "missing": True, "because": "sans client"}])
    yield "left out: missing", text(rows), toml, notes(rest, 1)
    rows = cells(sales)
    rows[3][5], rows[7][5] = "0", "0.00"
    rest = [sale for at, sale in enumerate(sales) if at not in (3, 7)]
    toml = company(exclude=[{"column": "net_revenue", "equals": 0, "because": "gratuit"}])
    yield "left out: an amount of zero, however written", text(rows), toml, notes(rest, 2)
    toml = company(exclude=[{"column": "product_id", "in": ["RIEN"], "because": "rien"}])
    yield "a rule that matches nothing", plain(sales), toml, notes(sales)
    rows = [[*row, "test" if at in (1, 8) else "vrai"] for at, row in enumerate(cells(sales))]
    rest = [sale for at, sale in enumerate(sales) if at not in (1, 8)]
    toml = company(columns=SAME, exclude=[{"column": "nature", "equals": "test", "because": "essais"}])
    yield "left out by a column that is not kept", text(rows, head=[*HEAD, "nature"]), toml, notes(rest, 2)
    rows = cells(sales)
    rows[1][3], rows[1][5] = "POST", "n.c."
    rows[2][3] = "POST"
    rest = [sale for at, sale in enumerate(sales) if at not in (1, 2)]
    toml = company(exclude=[{"column": "product_id", "equals": "POST", "because": "port"}])
    yield "left out although its amount cannot be read", text(rows), toml, notes(rest, 2)
    rows[1][1] = "hier"
    yield "left out although its day cannot be read", text(rows), toml, notes(rest, 2)
    rows = cells(sales)
    rows[1][3], rows[2][3], rows[2][2] = "POST", "POST", "TEST"
    rules = [
        {"column": "product_id", "equals": "POST", "because": "port"},
        {"column": "customer_id", "equals": "TEST", "because": "essais"},
    ]
    yield "two rules that meet", text(rows), company(exclude=rules), notes(rest, 2)
    toml = company(exclude=[{"column": "produit", "equals": "POST", "because": "port"}])
    yield "a rule on a column that is not there", plain(sales), toml, refuse("", "produit", "exclude")
    toml = company(exclude=[{"column": "product_id", "starts_with": "P", "because": "tout"}])
    none = Outcome("notes", 0, 10, 0, "0")
    yield "a rule that leaves everything out", plain(sales), toml, refuse("", "exclude"), refuse(FILE), none
    toml = company(exclude=[{"column": "customer_id", "equals": "c0001", "because": "casse"}])
    yield "a rule in another case", plain(sales).replace("C0001", "C0002"), toml, notes(sales)


def _amounts(draw):
    d = draw("credits")
    sales = d.sales(9)
    rows = cells(sales)
    amounts = [s.amount for s in sales]
    for at in (1, 4):
        amounts[at] = -amounts[at]
        rows[at][5], rows[at][4] = str(amounts[at]), "-1"
    yield "credits are negative", text(rows), company(), ok(amounts)
    for at, value in ((0, "0"), (3, "0.00")):
        amounts[at] = Decimal(0)
        rows[at][5] = value
    yield "amounts of zero", text(rows), company(), ok(amounts)
    rows[2][4] = "0"
    yield "a quantity of zero", text(rows), company(), ok(amounts)
    rows = cells(sales)
    rows = [[*row[:3], "POST", *row[4:]] if at == 2 else row for at, row in enumerate(rows)]
    yield "postage counts where no rule says otherwise", text(rows), company(), ok(sales)
    yield "one line", plain(sales[:1]), company(), ok(sales[:1])
    rows = [*cells(sales), ["X1", "2024-05-05", "C1", "P1", "-3", "-0.01"]]
    yield "a credit of a cent", text(rows), company(), ok([*(s.amount for s in sales), Decimal("-0.01")])
    balanced = [*(s.amount for s in sales), *(-s.amount for s in sales)]
    rows = [*cells(sales), *([f"A{row[0]}", *row[1:5], f"-{row[5]}"] for row in cells(sales))]
    yield "everything credited", text(rows), company(), ok(balanced)


def _controls(draw):
    d = draw("controls")
    sales = d.sales(9)
    whole = sum((s.amount for s in sales), Decimal(0))
    hit = {"sales": {"rows": 9, "net_revenue": str(whole)}}
    yield "totals that are hit", plain(sales), company(control=hit), ok(sales)
    for name, missed, where in (
        ("rows", {"rows": 10}, ("rows", 10, 9)),
        (
            "a sum, by a cent",
            {"net_revenue": str(whole + Decimal("0.01"))},
            ("net_revenue", str(whole).rstrip("0").rstrip(".")),
        ),
        ("a sum, by a sign", {"net_revenue": str(-whole)}, ("net_revenue",)),
    ):
        toml = company(control={"sales": missed})
        yield (
            f"a total that is missed: {name}",
            plain(sales),
            toml,
            refuse("", "control", *where),
            {"truth": str(whole)},
        )
    rows = cells(sales)
    rows[2][3] = "POST"
    rule = [{"column": "product_id", "equals": "POST", "because": "port"}]
    toml = company(control=hit, exclude=rule)
    yield "totals over what is left out too", text(rows), toml, notes(sales[:2] + sales[3:], 1)
    quantity = {"sales": {"quantity": sum(s.quantity for s in sales)}}
    yield "a total of quantities", plain(sales), company(control=quantity), ok(sales)
    rows = cells(sales)
    rows[2][1] = "hier"
    outcome = aside(sales[:2] + sales[3:], Place(FILE, 4, "date"))
    yield "totals over what is set aside too", text(rows), company(control=hit), outcome
    toml = company(control={"sales": {"montant": "5.00"}})
    yield (
        "a total of a column that is not there",
        plain(sales),
        toml,
        refuse("", "control", "montant"),
        {"truth": str(whole)},
    )
    rows = cells(sales)
    rows[4][5] = "n.c."
    yield (
        "a total missed by an unreadable amount",
        text(rows),
        company(control=hit),
        refuse("", "control", "net_revenue"),
    )


def _currencies(draw):
    head = [*HEAD, "Devise"]
    columns = {**SAME, "currency": "Devise"}
    d = draw("currencies")
    sales = d.sales(9)
    rows = [[*row, "EUR"] for row in cells(sales)]
    yield "the company's currency in each row", text(rows, head=head), company(columns=columns), ok(sales)
    rows = [[*row, d.choice(["eur", "EUR", "Eur"])] for row in cells(sales)]
    yield "its code in small letters", text(rows, head=head), company(columns=columns), ok(sales)
    for name, other in (
        ("another currency", "USD"),
        ("no currency", ""),
        ("a word", "euros?"),
        ("a code of none", "XXX"),
    ):
        rows = [[*row, "EUR"] for row in cells(sales)]
        rows[3][6] = other
        some = sales[:3] + sales[4:]
        yield (
            f"{name} in one row",
            text(rows, head=head),
            company(columns=columns),
            aside(some, Place(FILE, 5, "Devise")),
        )
    rows = [[*row, "USD"] for row in cells(sales)]
    yield "all in another currency", text(rows, head=head), company(columns=columns), refuse("sales", "Devise")
    yield (
        "the company's own currency is another",
        text(rows, head=head),
        company(columns=columns, currency="USD"),
        ok(sales),
    )


def _documents(draw):
    head = [*HEAD, "Nature"]
    columns = {**SAME, "document": "Nature"}
    d = draw("documents")
    sales = d.sales(8)
    rows = [[*row, d.choice(["invoice", "order", "delivery", "credit"])] for row in cells(sales)]
    kept = {"columns": {"document": [row[6] for row in rows]}}
    yield "the kinds of documents", text(rows, head=head), company(columns=columns), ok(sales), kept
    rows[5][6] = "facture"
    some = sales[:5] + sales[6:]
    yield "a kind that is none", text(rows, head=head), company(columns=columns), aside(some, Place(FILE, 7, "Nature"))
    rows = [[*row, "Avoir" if at == 2 else "Facture"] for at, row in enumerate(cells(sales))]
    values = {"column": "Nature", "values": {"Facture": "invoice", "Avoir": "credit"}}
    kept = {"columns": {"document": ["credit" if at == 2 else "invoice" for at in range(8)]}}
    toml = company(columns={**SAME, "document": values})
    yield "kinds with their translation", text(rows, head=head), toml, ok(sales), kept
    rows[6][6] = "Proforma"
    some = sales[:6] + sales[7:]
    yield "a kind that the translation has not", text(rows, head=head), toml, aside(some, Place(FILE, 8, "Nature"))
    rows = [[*row, "" if at else "invoice"] for at, row in enumerate(cells(sales))]
    kept = {"columns": {"document": ["invoice", *[None] * 7]}}
    yield "documents without a kind", text(rows, head=head), company(columns=columns), ok(sales), kept
    kept = {"columns": {"channel": ["web"] * 8}}
    yield "a constant", plain(sales), company(columns={**SAME, "channel": {"value": "web"}}), ok(sales), kept


def _tables(draw):
    d = draw("tables")
    sales = d.sales(9)
    rows = [[*row, d.choice(["Nord", "Sud", "=1+1", ""])] for row in cells(sales)]
    kept = {"columns": {"sales_region": [row[6] or None for row in rows]}}
    toml = company(columns={**SAME, "sales_region": "Région"})
    yield "a column that the schema has not is kept", text(rows, head=[*HEAD, "Région"]), toml, ok(sales), kept
    yield (
        "a column that nothing names is not read",
        text(rows, head=[*HEAD, "Région"]),
        company(columns=SAME),
        ok(sales),
    )
    many = d.sales(500)
    content = text(cells(many))
    bad = [[*row[:5], "n.c."] if at % 4 == 1 else row for at, row in enumerate(cells(many))]
    good = [sale for at, sale in enumerate(many) if at % 4 != 1]
    places = [Place(FILE, at + 2, "net_revenue") for at in range(500) if at % 4 == 1]
    yield (
        "a quarter unreadable is too many",
        text(bad),
        company(),
        refuse("", "net_revenue", "max_quarantined"),
        {"truth": str(sum(s.amount for s in good))},
    )
    yield "a quarter is allowed", text(bad), company(max_quarantined=0.3), aside(good, *places)
    clients = text([[f"C{at}", f"n{at}"] for at in range(500)], head=["customer_id", "name"])
    clients = clients.replace("C3,n3", ",n3", 1)
    outcome = ok(many, "quarantine")
    toml = company(tables={"customers": {"files": "clients.csv"}})
    more = {"tables": {"customers": (499, 0, 1)}}
    outcome = Outcome("quarantine", 500, 0, 0, outcome.total, (Place("clients.csv", 5, "customer_id"),))
    yield "one table's rows set aside, the other's whole", {FILE: content, "clients.csv": clients}, toml, outcome, more
    toml = company(max_quarantined=0.001)
    few = [[*row[:5], "n.c."] if at in (7, 9) else row for at, row in enumerate(cells(many))]
    good = [sale for at, sale in enumerate(many) if at not in (7, 9)]
    places = [Place(FILE, 9, "net_revenue"), Place(FILE, 11, "net_revenue")]
    yield "two of five hundred, under the least", text(few), toml, aside(good, *places), refuse("", "max_quarantined")
    orders = [[*row] for row in cells(d.sales(9))]
    for at, row in enumerate(orders):
        row[0] = f"O{at // 3}"
        if at % 3:
            row[1] = row[2] = ""
    amounts = [Decimal(row[5]) for row in orders]
    kept = {"columns": {"customer_id": [orders[at - at % 3][2] for at in range(9)]}}
    toml = company(fill_down={"columns": ["date", "customer_id"], "within": "order_id"})
    yield "a day on the first line of each order", text(orders), toml, ok(amounts), kept
