"""Proposing: an export that nobody described gets a block that says how sure each line is, and loads once confirmed."""

import tomllib

import openpyxl
import pytest

from perfkit import assets, company
from perfkit.errors import ParameterError
from perfkit.sources import files, proposing
from perfkit.sources.guessing import toml

FRENCH = (
    "Export des ventes;;;;\nÉdité le 02/11/2026;;;;\nN° facture;Date facture;Code client;Qté;Montant HT\n"
    "F1;31/10/2026;00123;2;1\u00a0234,56 €\nF2;30/10/2026;00124;1;-34,06 €\nTOTAL;;;;1\u00a0200,50 €\n"
)


@pytest.fixture
def acme(tmp_path):
    """The folder of a new company, as `perfkit new` makes it."""
    import shutil

    shutil.copytree(assets.path("templates/company"), tmp_path / "acme")
    return tmp_path / "acme"


def proposed(acme, name, content=None, **asked):
    path = acme / "exports" / name
    if content is not None:
        path.write_bytes(content.encode("cp1252") if isinstance(content, str) else content)
    found = files.examine(path, acme / "exports")
    return proposing.propose([found], exports=acme / "exports", currency="EUR", **asked)


def guesses(proposal):
    return {each.column: (each.heading, each.confidence) for each in proposal.guesses if each.heading}


def confirmed(acme, path):
    path.write_text(path.read_text(encoding="utf-8").replace("confirmed = false\n", ""), encoding="utf-8")
    return company.load(acme)


def test_a_french_export_is_described_and_loads_once_it_is_confirmed(acme):
    proposal = proposed(acme, "ventes.csv", FRENCH)
    assert (proposal.table, proposal.preset, proposal.loads) == ("sales", "generic", True)
    assert proposal.format == {"delimiter": ";", "encoding": "cp1252", "skip": 2}
    assert guesses(proposal)["net_revenue"] == ("Montant HT", "sure")
    assert (
        "reads 3 rows = 2 accepted + 1 excluded + 0 quarantined; net_revenue of those accepted: 1,200.50"
        in proposal.trial
    )
    path = proposing.confirmable(proposal, acme, assets.path("templates/company"))
    assert path == acme / "company.toml"
    with pytest.raises(
        ParameterError, match=r"\[tables\.sales\] was proposed by perfkit map, and nobody has confirmed it"
    ):
        company.load(acme)
    loaded = confirmed(acme, path)
    assert loaded.frame("sales")["customer_id"].tolist() == ["00123", "00124"]


def test_samples_and_confidence_stand_beside_each_line(acme):
    block = proposed(acme, "ventes.csv", FRENCH).block()
    assert '# customer_id = "Code client"' in block and "sure: known heading; 00123 | 00124" in block
    assert tomllib.loads(block)["tables"]["sales"]["confirmed"] is False


def test_a_block_that_someone_wrote_is_never_touched(acme):
    settings = acme / "company.toml"
    settings.write_text('name = "A"\ncurrency = "EUR"\n[tables.sales]\nfiles = "old.csv"\n')
    path = proposing.confirmable(proposed(acme, "ventes.csv", FRENCH), acme, assets.path("templates/company"))
    assert path == acme / "proposed.sales.toml" and "old.csv" in settings.read_text()


def test_a_heading_that_is_like_a_known_one_is_likely_and_cells_alone_are_a_guess(acme):
    text = "Date de la facture client;Code du client final;Chose\n31/10/2026;C1;12,50\n30/10/2026;C2;1,25\n"
    found = guesses(proposed(acme, "v.csv", text, table="sales"))
    assert found["date"] == ("Date de la facture client", "likely")
    assert found["customer_id"] == ("Code du client final", "likely")
    assert found["net_revenue"] == ("Chose", "guess")


def test_what_cannot_be_told_is_left_open_and_the_load_says_what_to_ask(acme):
    text = "Date;Montant HT\n03/04/2026;1,234\n05/06/2026;5,678\n"
    proposal = proposed(acme, "v.csv", text)
    assert not proposal.loads and "refused as yet" in proposal.trial and "[tables.sales] format" in proposal.trial


def test_two_amounts_are_not_chosen_between(acme):
    proposal = proposed(acme, "v.csv", "Date;Montant HT;Total HT\n31/10/2026;1,50;1,80\n", table="sales")
    assert "net_revenue" not in guesses(proposal)
    assert '# net_revenue = "..."   # one of "Montant HT", "Total HT"' in proposal.block()


def test_the_sheet_with_the_headings_is_found(acme):
    book = openpyxl.Workbook()
    book.active.title = "Notice"
    book.active.append(["Lisez-moi", "x"])
    book.active.append(["a", "b"])
    sheet = book.create_sheet("Ventes")
    sheet.append(["Date facture", "Code client", "Montant HT"])
    sheet.append(["31/10/2026", "00123", 12.5])
    book.save(acme / "exports" / "v.xlsx")
    proposal = proposed(acme, "v.xlsx")
    assert proposal.loads and guesses(proposal)["net_revenue"] == ("Montant HT", "sure")


def test_a_ledger_is_known_by_its_headings(acme):
    head = (
        "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|"
    )
    head += "EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|Idevise\n"
    rows = "VT|Ventes|1|20260115|411000|Clients|C1|X|F1|20260115|Facture|120,00|0,00|||20260131||\n"
    rows += "VT|Ventes|1|20260115|707000|Ventes|||F1|20260115|Facture|0,00|120,00|||20260131||\n"
    proposal = proposed(acme, "123456789FEC20261231.txt", head + rows)
    assert (proposal.table, proposal.preset, proposal.share) == ("ledger", "fec", 1.0)
    assert proposal.loads, proposal.trial


def test_headings_that_no_table_has_are_listed_with_samples(acme):
    proposal = proposed(acme, "v.csv", "x;y\n1;2\n")
    assert proposal.table == "" and proposal.left == {"x": ("1",), "y": ("2",)}


def test_hostile_headings_stay_inside_their_line(acme):
    text = 'Date facture;Montant HT;"a\n[tables.customers]\nfiles = ""x"""\n31/10/2026;1,50;z\n'
    block = proposed(acme, "v.csv", text).block()
    assert set(tomllib.loads(block)["tables"]) == {"sales"}


@pytest.mark.parametrize(
    "heading, said",
    [
        ("Fournisseur", "the heading 'Fournisseur' is one of purchases, not of sales."),
        ("Purchase Order", "the heading 'Purchase Order' is one of purchases, not of sales."),
        ("N° devis", "the heading 'N° devis' is one of quotes, not of sales."),
        ("Matricule", "the heading 'Matricule' is one of payroll, not of sales."),
    ],
)
def test_what_is_probably_no_export_of_sales_is_said_first_and_nothing_of_it_is_sure(acme, heading, said):
    text = f"N° facture;Date facture;{heading};Qté;Montant HT\nF1;31/10/2026;X;2;1234,56\nF2;30/10/2026;Y;1;-34,06\n"
    proposal = proposed(acme, "v.csv", text)
    assert proposal.block().startswith(f"# Beware: {said}\n")
    assert {each for _, each in guesses(proposal).values()} == {"guess"}
    assert "confirmed = false" in proposal.block()


@pytest.mark.parametrize("heading", ["Prix d'achat", "Purchase price", "Vendeur", "Coût d'achat total"])
def test_what_sold_goods_cost_and_who_sold_them_are_of_sales(acme, heading):
    text = f"N° facture;Date facture;Qté;Montant HT;{heading}\nF1;31/10/2026;2;1234,56;1\nF2;30/10/2026;1;-34,06;2\n"
    proposal = proposed(acme, "v.csv", text)
    assert not proposal.beware and guesses(proposal)["net_revenue"] == ("Montant HT", "sure")


def test_a_list_of_staff_is_no_list_of_customers_for_certain(acme):
    text = "Code client;Nom;Matricule\nC1;A;1\nC2;B;2\n"
    proposal = proposed(acme, "v.csv", text, table="customers")
    assert proposal.beware == ("the heading 'Matricule' is one of payroll, not of customers.",)
    assert "sure" not in {each for _, each in guesses(proposal).values()}


def with_credits(heading, *words, minus=""):
    head = f"N° facture;Date facture;Code client;{heading};Montant HT\n"
    kinds = ["Facture", "Facture", *words, "Facture"]
    amounts = ["100,00", "200,00", *(f"{minus}{30 + n},00" for n, _ in enumerate(words)), "50,00"]
    rows = zip(range(len(kinds)), kinds, amounts, strict=True)
    return head + "".join(f"F{n};{13 + n}/03/2026;C1;{kind};{amount}\n" for n, kind, amount in rows)


@pytest.mark.parametrize("heading", ["Type", "Type de pièce"])
def test_credit_notes_without_a_minus_are_proposed_below_zero_and_load_so(acme, heading):
    proposal = proposed(acme, "ventes.csv", with_credits(heading, "Avoir", "AV"))
    assert "net_revenue of those accepted: 289.00" in proposal.trial
    block = proposal.block()
    said = f'net_revenue = {{ column = "Montant HT", credits = {{ column = "{heading}", in = ["Avoir", "AV"] }} }}'
    assert said in block and "2 of the first rows are Avoir or AV and bear no minus" in block
    assert ('values = { "Facture" = "invoice", "Avoir" = "credit", "AV" = "credit" }' in block) is (heading == "Type")
    loaded = confirmed(acme, proposing.confirmable(proposal, acme, assets.path("templates/company")))
    assert str(sum(loaded.frame("sales")["net_revenue"])) == "289.0000"
    assert loaded.frame("sales")["document"].tolist() == ["invoice", "invoice", "credit", "credit", "invoice"]


def test_each_amount_of_a_credit_note_is_proposed_below_zero_where_it_lacks_the_minus(acme):
    export = (
        "N° facture;Date facture;Code client;Type;Montant HT;Coût de revient HT;Qté\n"
        "F1;13/03/2026;C1;Facture;100,00;60,00;2\nF2;14/03/2026;C1;Facture;200,00;90,00;3\n"
        "A1;15/03/2026;C1;Avoir;30,00;20,00;-1\n"
    )
    block = proposed(acme, "ventes.csv", export).block()
    below = 'credits = { column = "Type", in = ["Avoir"] }'
    assert f'net_revenue = {{ column = "Montant HT", {below} }}' in block
    assert f'cost = {{ column = "Coût de revient HT", {below} }}' in block
    assert block.count(below) == 2  # the quantity has its minus


def test_credit_notes_with_a_minus_are_left_as_they_are(acme):
    proposal = proposed(acme, "ventes.csv", with_credits("Type", "Avoir", minus="-"))
    assert "credits =" not in proposal.block() and "accepted: 320.00" in proposal.trial


def test_a_kind_of_document_that_nobody_knows_is_asked_about(acme):
    proposal = proposed(acme, "ventes.csv", with_credits("Type", "Regul"))
    assert 'what does "Regul" mean? Say it of each of its words: values = { "Regul" = "invoice" }' in proposal.block()
    assert tomllib.loads(proposal.block())


DISCOUNTED = (
    "N° facture;Date facture;Code client;Montant HT;{heading}\n1;31/10/2026;C1;90,50;{a}\n2;30/10/2026;C2;80,00;{b}\n"
)


@pytest.mark.parametrize(
    ("heading", "a", "b", "told"),
    [
        ("Remise %", "10", "0", "holds percents"),
        ("Discount %", "10 %", "12,5 %", "holds percents"),
        ("% remise HT", "10", "20", "holds percents"),
        ("Taux de remise", "0,1", "0,05", "holds percents"),
        ("Discount Percentage", "10", "5", "holds percents"),
        ("Remise HT", "10 %", "20%", "holds percents"),
        ("Remise", "10", "5", "may hold percents"),
        ("Discount", "0,1", "0,25", "may hold percents"),
        ("discount", "15", "0", "may hold percents"),
        ("Discount rate", "15", "12,5", "holds percents"),
        ("Remise", "15", "12,5", "may hold percents"),
        ("Remise", "-5", "-10", "may hold percents"),
    ],
)
def test_percents_are_never_proposed_as_an_amount_of_money_and_the_block_says_why(acme, heading, a, b, told):
    proposal = proposed(acme, "v.csv", DISCOUNTED.format(heading=heading, a=a, b=b))
    assert not any(each.heading == heading for each in proposal.guesses)
    assert f'# "{heading}" {told}, and discount is an amount of money' in proposal.block()
    assert proposal.loads
    path = proposing.confirmable(proposal, acme, assets.path("templates/company"))
    sales = confirmed(acme, path).frame("sales")
    assert len(sales) == 2 and ("discount" not in sales or sales["discount"].isna().all())


@pytest.mark.parametrize(
    ("heading", "a", "b"), [("Remise HT", "10,06", "8,94"), ("Remise HT", "10", "5"), ("Discount", "110", "5")]
)
def test_a_discount_in_money_is_proposed(acme, heading, a, b):
    assert guesses(proposed(acme, "v.csv", DISCOUNTED.format(heading=heading, a=a, b=b)))["discount"][0] == heading


@pytest.mark.parametrize(("a", "b", "times"), [("10", "5", "0.01"), ("0,1", "0,05", "1")])
def test_what_the_block_says_to_reckon_from_percents_gives_the_amount(acme, a, b, times):
    text = DISCOUNTED.format(heading="Brut;Remise %", a=f"200;{a}", b=f"100;{b}")
    proposal = proposed(acme, "v.csv", text)
    typed = f'discount = {{ multiply = ["...", "Remise %"], times = {times} }}'
    assert f"{typed}." in proposal.block()
    path = proposing.confirmable(proposal, acme, assets.path("templates/company"))
    block = path.read_text(encoding="utf-8") + typed.replace("...", "Brut") + "\n"
    path.write_text(block, encoding="utf-8")
    assert [float(each) for each in confirmed(acme, path).frame("sales")["discount"]] == [20, 5]


def test_words_that_every_amount_has_tell_no_amount(acme):
    text = DISCOUNTED.format(heading="Montant brut HT", a="100,50", b="90,00")
    assert not {"discount", "cost"} & set(guesses(proposed(acme, "v.csv", text)))


DEALS = (
    "Deal ID,Deal Name,Amount,Deal Stage,Create Date,Close Date,Deal Owner\n"
    "1,A,100.5,Closed won,2025-01-02,2025-02-02,Ann\n2,B,50,Closed lost,2025-01-03,2025-02-03,Bob\n"
    "3,C,70,Proposal,2025-01-04,,Ann\n"
)


def test_an_english_crm_s_deals_are_known_and_their_stages_tell_won_from_lost(acme):
    proposal = proposed(acme, "deals.csv", DEALS)
    assert (proposal.table, proposal.preset, proposal.loads) == ("opportunities", "generic", True)
    found = guesses(proposal)
    assert found["opportunity_id"] == ("Deal ID", "sure") and found["amount"] == ("Amount", "sure")
    assert 'values = { "Closed won" = "won", "Closed lost" = "lost", "Proposal" = "open" }' in proposal.block()


def test_a_status_of_known_words_is_the_preset_s_and_unknown_words_are_proposed_open(acme):
    french = "N° affaire;Date de création;Statut;Montant HT\n1;02/01/2025;Gagnée;10,5\n2;13/01/2025;{};3,5\n"
    assert '# status = "Statut"' in proposed(acme, "a.csv", french.format("Perdue"), table="opportunities").block()
    block = proposed(acme, "a.csv", french.format("Relance"), table="opportunities").block()
    assert 'status = { column = "Statut", values = { "Gagnée" = "won", "Relance" = "open" } }   # guess: ' in block


PRICED = "N° facture;Date facture;Qté;{price};Montant HT\nF1;31/10/2026;2;{a};90,50\nF2;30/10/2026;3;20,00;60,00\n"


def test_list_revenue_is_proposed_as_quantity_times_gross_price_where_the_rows_bear_it_out(acme):
    proposal = proposed(acme, "v.csv", PRICED.format(price="PU brut HT", a="50,00"))
    assert 'list_revenue = { multiply = ["Qté", "PU brut HT"] }' in proposal.block()
    assert "a proposal, quantity × unit price before discounts" in proposal.block()
    loaded = confirmed(acme, proposing.confirmable(proposal, acme, assets.path("templates/company")))
    assert [float(each) for each in loaded.frame("sales")["list_revenue"]] == [100, 60]


@pytest.mark.parametrize(
    ("price", "a"), [("PU net HT", "50,00"), ("PU brut HT", "40,00"), ("Prix d'achat brut", "50,00")]
)
def test_a_price_that_is_net_or_below_the_amounts_is_no_list_price(acme, price, a):
    assert "list_revenue" not in guesses(proposed(acme, "v.csv", PRICED.format(price=price, a=a)))


def test_the_reason_for_a_column_is_that_of_its_own_table(acme):
    block = proposed(acme, "o.csv", "Chose;Truc\na;b\nc;d\n", table="opportunities").block()
    assert "Win rates follow opportunities from their creation." in block and "Leads are followed" not in block
    block = proposed(acme, "t.csv", "Chose;Truc\na;b\nc;d\n", table="targets").block()
    assert "A target belongs to a month" in block and "A cost is set against" not in block


def test_samples_stand_apart_by_what_is_no_decimal_sign(acme):
    assert "sure: known heading; 1 234,56 € | -34,06 €" in proposed(acme, "v.csv", FRENCH).block().replace("\xa0", " ")


def test_the_block_of_a_second_tool_stands_beside_the_first_and_both_load(acme):
    settings = acme / "company.toml"
    first = proposed(acme, "ventes.csv", FRENCH)
    confirmed(acme, proposing.confirmable(first, acme, assets.path("templates/company")))
    second = proposed(acme, "shop.csv", "Order ID,Order Date,Customer ID,Net Amount\nW1,2026-10-30,9,5.25\n")
    path = proposing.confirmable(second, acme, assets.path("templates/company"))
    assert path.name == "proposed.sales.toml" and "\n[[tables.sales]]\n" in path.read_text(encoding="utf-8")
    both = settings.read_text(encoding="utf-8").replace("\n[tables.sales]\n", "\n[[tables.sales]]\n")
    settings.write_text(both + "\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert len(confirmed(acme, settings).frame("sales")) == 3


COSTS = "cost;period;amount;kind\nT1;2026-01-31;1200,50;Transport\nT2;2026-01-31;800,00;Commissions\n"


def test_costs_are_known_by_their_kind_and_the_level_of_each_is_asked(acme):
    proposal = proposed(acme, "couts.csv", COSTS)
    assert (proposal.table, proposal.loads) == ("costs", False)
    found = guesses(proposal)
    assert [found[name] for name in ("period", "amount", "kind")] == [
        ("period", "sure"),
        ("amount", "sure"),
        ("kind", "sure"),
    ]
    assert "level is not mapped" in proposal.trial and "driver" not in found
    block = proposal.block()
    assert 'Taken for costs, one cost of a period a row: it has period in "period"' in block
    typed = 'level = { column = "kind", values = { "Transport" = "fixed", "Commissions" = "fixed" } }'
    assert typed in block and tomllib.loads(typed)


def test_the_level_that_is_asked_for_makes_costs_load(acme):
    path = proposing.confirmable(proposed(acme, "couts.csv", COSTS), acme, assets.path("templates/company"))
    text = path.read_text(encoding="utf-8")
    typed = 'level = { column = "kind", values = { "Transport" = "cm1", "Commissions" = "cm2" } }'
    sales = '[tables.sales]\nfiles = "ventes.csv"\npreset = "generic"\n'
    (acme / "exports" / "ventes.csv").write_bytes(FRENCH.encode("cp1252"))
    costs = text.partition("[tables.costs]")
    costs = "".join(costs[1:]).replace("[tables.costs.columns]", f"[tables.costs.columns]\n{typed}")
    path.write_text(f'name = "Acme"\ncurrency = "EUR"\n{sales}{costs}', encoding="utf-8")
    assert sorted(confirmed(acme, path).frame("costs")["level"]) == ["cm1", "cm2"]


def test_a_cost_sheet_in_french_with_levels_and_drivers_loads_as_proposed(acme):
    rows = [
        "Mois;Nature;Montant HT;Niveau;Clé",
        "31/01/2026;Transport;1200,50;cm1;commandes",
        "31/01/2026;Loyer;80,00;MC3;",
    ]
    proposal = proposed(acme, "charges.csv", "\n".join(rows) + "\n")
    assert (proposal.table, proposal.loads) == ("costs", True)
    assert guesses(proposal)["driver"] == ("Clé", "sure") and guesses(proposal)["level"] == ("Niveau", "sure")


def test_spend_is_known_by_its_channel_and_what_was_spent(acme):
    text = "Day,Channel,Cost type,Amount spent (EUR)\n2026-01-13,Search,media,12.50\n2026-01-14,Social,media,20.00\n"
    proposal = proposed(acme, "ads.csv", text)
    assert (proposal.table, proposal.loads) == ("spend", True)
    assert guesses(proposal)["kind"] == ("Cost type", "sure")


def test_one_row_an_order_is_sales_and_the_block_says_what_it_cannot_carry(acme):
    text = "order_id,order_date,customer_id,total\n1,2026-01-13,C1,120.50\n2,2026-01-14,C2,80\n3,2026-02-14,C1,33\n"
    proposal = proposed(acme, "orders.csv", text)
    assert (proposal.table, proposal.loads) == ("sales", True)
    assert guesses(proposal)["date"] == ("order_date", "sure") and guesses(proposal)["net_revenue"] == (
        "total",
        "likely",
    )
    [note] = proposal.notes
    assert note.startswith("One row an order, without a product: it carries revenue, orders, customers, cohorts")
    assert "It cannot carry products, prices" in note and note in proposal.block().replace("\n# ", " ")
    lines = (
        text.replace("total", "total,sku")
        .replace("120.50", "120.50,P1")
        .replace(",80", ",80,P2")
        .replace(",33", ",33,P1")
    )
    assert proposed(acme, "lines.csv", lines).notes == ()


def test_a_list_of_customers_that_has_order_dates_is_still_a_list_where_each_stands_once(acme):
    text = "Code client;Nom;Pays;Client depuis\nC1;Durand;FR;13/01/2026\nC2;Petit;BE;14/01/2026\n"
    assert proposed(acme, "clients.csv", text).table == "customers"


LEVELS = "Mois;Nature;Montant HT;Niveau\n" + "".join(
    f"31/01/2026;N{n};{n},00;{word}\n" for n, word in enumerate(["Variable", "Service client", "Dépôt", "Siège"], 1)
)


def test_every_word_that_is_asked_about_is_named_and_no_meaning_is_suggested(acme):
    block = proposed(acme, "charges.csv", LEVELS).block()
    words = ("Variable", "Service client", "Dépôt", "Siège")
    assert f"what does {', '.join(toml(word) for word in words)} mean?" in block
    pairs = ", ".join(f'"{word}" = "..."' for word in words)
    assert f"values = {{ {pairs} }}" in block
    assert '= "cogs"' not in block


def test_words_beyond_those_that_are_named_are_counted(acme):
    rows = "".join(f"31/01/2026;N{n};{n},00;Niveau {n}\n" for n in range(1, 16))
    assert '"Niveau 12" and 3 more mean?' in proposed(acme, "charges.csv", LEVELS.split("\n")[0] + "\n" + rows).block()


DEPENSES = "Date;Canal;Type;Montant HT\n15/09/2026;Site web;média;352,98\n16/09/2026;Salon;média;182,96\n"


def test_amounts_by_channel_alone_may_be_spend_and_the_block_says_how_to_map_them_so(acme):
    proposal = proposed(acme, "depenses.csv", DEPENSES)
    assert proposal.block().startswith("# Beware: ") and "--table spend" in proposal.beware[0]
    spend = proposed(acme, "depenses.csv", table="spend")
    assert (spend.loads, spend.beware, guesses(spend)["amount"][0]) == (True, (), "Montant HT")
    assert "--table spend" not in proposed(acme, "ventes.csv", FRENCH).block()


def test_each_block_is_written_where_the_template_has_its_place(acme):
    template = assets.path("templates/company")
    proposing.confirmable(proposed(acme, "ventes.csv", FRENCH), acme, template)
    customers = "Code client;Raison sociale;Pays\n00123;Durand;France\n00124;Petit;France\n"
    proposing.confirmable(proposed(acme, "clients.csv", customers, table="customers"), acme, template)
    proposing.confirmable(proposed(acme, "depenses.csv", DEPENSES, table="spend"), acme, template)
    text = (acme / "company.toml").read_text(encoding="utf-8")
    first, second, third, targets = (text.index(f"# ---- {n}. ") for n in (1, 2, 3, 4))
    assert first < text.index("\n[tables.sales]\n") < second < text.index("\n[tables.customers]\n") < third
    assert second < text.index("\n# [tables.products]\n") < text.index("\n[tables.spend]\n") < third < targets
    assert "# [tables.customers]" not in text
    assert set(tomllib.loads(text)["tables"]) == {"sales", "customers", "spend"}


def test_a_block_stands_at_the_end_where_its_place_would_change_what_others_say(acme):
    settings = acme / "company.toml"
    settings.write_text('name = "A"\ncurrency = "EUR"\n# ---- 3. Mine\nlanguage = "fr"\n', encoding="utf-8")
    proposing.confirmable(
        proposed(acme, "depenses.csv", DEPENSES, table="spend"), acme, assets.path("templates/company")
    )
    said = tomllib.loads(settings.read_text(encoding="utf-8"))
    assert said["language"] == "fr" and "spend" in said["tables"]


def test_the_title_lines_of_a_long_file_are_found_without_folding_every_heading_again(acme, monkeypatch):
    from perfkit.sources import names

    rows = "".join(f"F{n};{1 + n % 28:02}/10/2026;{n:05};2;{n},34\n" for n in range(2000))
    path = acme / "exports" / "long.csv"
    path.write_bytes((FRENCH.rpartition("TOTAL")[0] + rows).encode("cp1252"))
    folded, calls = names.unicodedata.normalize, []
    monkeypatch.setattr(names.unicodedata, "normalize", lambda *said: calls.append(1) or folded(*said), raising=True)
    assert proposed(acme, "long.csv").format["skip"] == 2
    assert len(calls) < 20_000
