#!/usr/bin/env python3
"""Draws identifiers and has python-stdnum judge them, for our own checksums to agree with.

  checksums.py COUNT       one line a number on standard output: KIND NUMBER 1|0

Of each kind there are COUNT valid numbers and COUNT that are not, as far as the kind has both. A template says how a
number is built: D digit, L letter, A either, y m d the digits of a date, `[..]` one of these, a `?` a check character,
which is tried until stdnum is content; anything else stands for itself. Invalid numbers are the tries that failed,
valid ones with one character changed or two swapped, and numbers of the bare form. Seeded, so two runs are alike.
"""
import datetime, importlib, multiprocessing, random, re, string, sys

DIGITS, LETTERS = string.digits, string.ascii_uppercase
# Kind: the module that judges, and the templates.
KINDS = {
    "AR_CUIT": ("ar.cuit", ["[20,23,24,27]DDDDDDDD?"]),
    "AT_SVNR": ("at.vnr", ["[1-9]DD?ddmmyy"]),
    "AT_TAX_NUMBER": ("at.tin", ["[03,04,06,07,08,09,10,12,15,16,18,22,23,29,33,38,41,46,51,52,53,54,57,59,61,67,68,69,71,72,81,82,83,84,90,91,93,97,98]DDDDDD?"]),
    "AU_TFN": ("au.tfn", ["DDDDDDDD?"]),
    "BE_BIS_NUMBER": ("be.bis", ["yy[20-32]ddDDD??", "yy[40-52]ddDDD??"]),
    "BE_NATIONAL_NUMBER": ("be.nn", ["yymmddDDD??"]),
    "BG_EGN": ("bg.egn", ["yymmddDDD?", "yy[21-32]ddDDD?", "yy[41-52]ddDDD?"]),
    "BG_PNF": ("bg.pnf", ["DDDDDDDDD?"]),
    "BR_CPF": ("br.cpf", ["DDDDDDDDD??"]),
    "CA_BC_PHN": ("ca.bc_phn", ["9DDDDDDDD?"]),
    "CA_SIN": ("ca.sin", ["DDDDDDDD?"]),
    "CH_AHV": ("ch.ssn", ["756DDDDDDDDD?"]),
    "CL_RUT": ("cl.rut", ["DDDDDDDD?"]),
    # Of the place of birth the province is compared; codes of counties come and go by year.
    "CN_RIC": ("cn.ric", ["[110101,310101,440106]19yymmddDDD?", "[110101,310101]20[00-20]mmddDDD?"]),
    "CY_TIN": ("cy.vat", ["DDDDDDDD?"]),
    "CZ_RODNE_CISLO": ("cz.rc", ["yymmddDDD?", "yy[51-62]ddDDD?", "yy[21-32]ddDDD?", "yymmddDDD"]),
    "DE_STEUER_ID": ("de.idnr", ["@steuer?"]),
    "DK_CPR": ("dk.cpr", ["ddmmyyDDDD"]),
    "EE_ISIKUKOOD": ("ee.ik", ["[1-8]yymmddDDD?"]),
    "ES_DNI": ("es.dni", ["DDDDDDDD?"]),
    "ES_NIE": ("es.nie", ["[X,Y,Z]DDDDDDD?"]),
    "FI_HETU": ("fi.hetu", ["ddmmyy[-,+,A,B,C,D,E,F,Y,X,W,V,U]DDD?"]),
    "FR_NIR": ("fr.nir", ["[1,2]yymm[01-95]DDDDDD??", "[1,2]yymm[2A,2B]DDDDDD??"]),
    "FR_SPI": ("fr.nif", ["[0-3]DDDDDDDDD???"]),
    "GR_AFM": ("gr.vat", ["DDDDDDDD?"]),
    "GR_AMKA": ("gr.amka", ["ddmmyyDDDD?"]),
    "HR_OIB": ("hr.oib", ["DDDDDDDDDD?"]),
    "IE_PPS": ("ie.pps", ["DDDDDDD?", "DDDDDDD?[A,B,H,W,T,X]"]),
    "IL_ID": ("il.idnr", ["DDDDDDDD?"]),
    "IN_AADHAAR": ("in_.aadhaar", ["[2-9]DDDDDDDDDD?"]),
    "IN_EPIC": ("in_.epic", ["LLLDDDDDD?"]),
    "IN_PAN": ("in_.pan", ["LLL[A,B,C,F,G,H,L,J,P,T,K]LDDDDL"]),
    "IS_KENNITALA": ("is_.kennitala", ["ddmmyyDD?[9,0]"]),
    "IT_CODICE_FISCALE": ("it.codicefiscale", ["LLLLLLyy[A,B,C,D,E,H,L,M,P,R,S,T]ddLDDD?"]),
    "JP_MY_NUMBER": ("jp.in_", ["DDDDDDDDDDD?"]),
    "KR_RRN": ("kr.rrn", ["yymmdd[1-4][00-96]DDDD?"]),
    "LT_ASMENS_KODAS": ("lt.asmens", ["[1-6]yymmddDDD?", "9DDDDDDDDD?"]),
    "LV_PERSONAS_KODS": ("lv.pvn", ["ddmmyy[0-2]DDD?", "32DDDDDDDD?"]),
    "MX_CURP": ("mx.curp", ["LLLLyymmdd[H,M][AS,DF,NL,JC]LLLDD", "LLLLyymmdd[H,M][OC,VZ]LLL[A-Z]?"]),
    "MX_RFC": ("mx.rfc", ["LLLLyymmdd[1-9][1-9]?"]),
    "NL_BSN": ("nl.bsn", ["DDDDDDDD?"]),
    "NO_FODSELSNUMMER": ("no.fodselsnummer", ["ddmmyyDDD??"]),
    "NZ_IRD": ("nz.ird", ["[01-14]DDDDDD?"]),
    "PL_NIP": ("pl.nip", ["DDDDDDDDD?"]),
    "PL_PESEL": ("pl.pesel", ["yymmddDDDD?", "yy[21-32]ddDDDD?"]),
    "PT_CARTAO_CIDADAO": ("pt.cc", ["DDDDDDDDDAA?"]),
    "PT_NIF": ("pt.nif", ["DDDDDDDD?"]),
    "RO_CNP": ("ro.cnp", ["[1-8]yymmdd[01-52]DDD?"]),
    "RU_INN": ("ru.inn", ["DDDDDDDDDD??"]),
    "SE_PERSONNUMMER": ("se.personnummer", ["yymmddDDD?", "19yymmddDDD?"]),
    "SI_DAVCNA": ("si.ddv", ["[1-9]DDDDDD?"]),
    "SI_EMSO": ("si.emso", ["ddmm9yy50DDD?", "ddmm00D50DDD?"]),
    "TH_PIN": ("th.pin", ["[1-8]DDDDDDDDDDD?"]),
    "TR_TCKN": ("tr.tckimlik", ["[1-9]DDDDDDDD??"]),
    "UA_RNTRC": ("ua.rntrc", ["DDDDDDDDD?"]),
    "UK_NHS": ("gb.nhs", ["DDDDDDDDD?"]),
    "UK_UTR": ("gb.utr", ["?DDDDDDDDD"]),
    "US_ITIN": ("us.itin", ["9DD[70-99]DDDD"]),
    "US_SSN": ("us.ssn", ["DDDDDDDDD", "[000,666]DDDDDD", "9DDDDDDDD"]),
    "ZA_ID": ("za.idnr", ["yymmddDDDD[0,1]D?"]),
    "ZA_TAX_NUMBER": ("za.tin", ["[0,1,2,3,9]DDDDDDDD?"]),
    "IBAN_CODE": ("iban", ["DE??DDDDDDDDDDDDDDDDDD", "GB??LLLLDDDDDDDDDDDDDD", "FR??DDDDDDDDDDAAAAAAAAAAADD", "NL??LLLLDDDDDDDDDD",
                                 "ES??DDDDDDDDDDDDDDDDDDDD", "IT??LDDDDDDDDDDAAAAAAAAAAAA", "PL??DDDDDDDDDDDDDDDDDDDDDDDD", "BE??DDDDDDDDDDDD"]),
    "CREDIT_CARD_NUMBER": ("luhn", ["4DDDDDDDDDDDDDD?", "5[1-5]DDDDDDDDDDDDD?", "37DDDDDDDDDDDD?"]),
    "IMEI_HARDWARE_ID": ("imei", ["35DDDDDDDDDDDD?"]),
}

# Where two or three characters check, trying all would take long: what they should be, from the characters before.
ENDINGS = {
    "BE_BIS_NUMBER": lambda n: f"{97 - int(n[:9]) % 97:02}",
    "BE_NATIONAL_NUMBER": lambda n: f"{97 - int(n[:9]) % 97:02}",
    "BR_CPF": lambda n: stdnum("br.cpf")._calc_check_digits(n[:9] + "00"),
    "FR_NIR": lambda n: stdnum("fr.nir").calc_check_digits(n[:13] + "00"),
    "FR_SPI": lambda n: stdnum("fr.nif").calc_check_digits(n[:10] + "000"),
    "NO_FODSELSNUMMER": lambda n: "".join(one_by_one(stdnum("no.fodselsnummer"), n[:9])),
    "RU_INN": lambda n: stdnum("ru.inn").calc_personal_check_digits(n[:10]),
    "TR_TCKN": lambda n: stdnum("tr.tckimlik").calc_check_digits(n[:9]),
}


# What we take and stdnum does not, or cannot tell: such numbers are not compared.
BEYOND = {
    "AR_CUIT": lambda n: n[:2] not in ("20", "23", "24", "27"),  # organisations
    "CN_RIC": lambda n: not "18" <= n[6:8] <= "20",  # nobody else lives
    "CREDIT_CARD_NUMBER": lambda n: (n[:2], len(n)) != ("37", 15) and (not "40" <= n[:2] <= "55" or n[:2] == "50" or len(n) != 16),  # no issuer
    "FI_HETU": lambda n: n[6].isdigit(),  # the sign in a wrong place: we take signs off first
    "IMEI_HARDWARE_ID": lambda n: n[:2] != "35",  # no body that gives type codes
    "LV_PERSONAS_KODS": lambda n: n[0] > "3",  # organisations
    "MX_CURP": lambda n: n[10] == "X",  # a sex that is neither, given since 2023
    "SE_PERSONNUMMER": lambda n: n[-6] > "5",  # the day of a samordningsnummer is raised by 60
}


class Later(datetime.date):
    """Our code reads no clock and takes births up to 2035; stdnum is told that it is that year."""

    @classmethod
    def today(cls):
        return cls(2035, 12, 31)


datetime.date = Later


def stdnum(name):
    return importlib.import_module("stdnum." + name)


def one_by_one(module, body):
    first = module.calc_check_digit1(body)
    return first, module.calc_check_digit2(body + first)


def main(count):
    with multiprocessing.Pool() as pool:
        for lines in pool.imap(draw, ((kind, count) for kind in sorted(KINDS))):
            sys.stdout.writelines(lines)


def draw(job):
    kind, count = job
    module, templates = KINDS[kind]
    chance, judge = random.Random(kind), judge_of(module)
    found = {True: set(), False: set()}

    def keep(number):
        if kind in BEYOND and BEYOND[kind](number):
            return False
        valid = judge(number)
        if len(found[valid]) < count:
            found[valid].add(number)
        return valid

    for turn in range(count * 4):
        if all(len(numbers) >= count for numbers in found.values()):
            break
        built = build(templates[turn % len(templates)], chance)
        number = next((n for n in filled(built, ENDINGS.get(kind), chance) if keep(n)), None)
        if number:
            keep(changed(number, chance))
        if number and turn % 4 == 0:
            keep("".join(like(c, chance) for c in number))
    return [f"{kind} {number} {int(valid)}\n" for valid, numbers in found.items() for number in sorted(numbers)]


def judge_of(name):
    module = stdnum(name)
    if name == "mx.rfc":
        return lambda number: module.is_valid(number, validate_check_digits=True)
    if name == "cn.ric":
        provinces = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")
        module.get_birth_place = lambda number: provinces.match(number) or refuse(module)
    if name == "iban":
        return lambda number: module.is_valid(number, check_country=False)
    return module.is_valid


def refuse(module):
    raise module.InvalidComponent()


def build(template, chance):
    year, month, day = chance.randrange(100), chance.randint(1, 12), chance.randint(1, 31)
    parts = {"D": lambda: chance.choice(DIGITS), "L": lambda: chance.choice(LETTERS),
             "A": lambda: chance.choice(DIGITS + LETTERS)}
    tokens = re.findall(r"\[[^\]]*\]|@steuer|yy|mm|dd|.", template)
    fixed = {"yy": f"{year:02}", "mm": f"{month:02}", "dd": f"{day:02}"}
    return "".join(
        choice(token[1:-1], chance) if token[0] == "[" else steuer(chance) if token == "@steuer"
        else fixed.get(token) or parts.get(token, lambda: token)() for token in tokens)


def choice(among, chance):
    if re.fullmatch(r"\d+-\d+", among):
        low, high = among.split("-")
        return str(chance.randint(int(low), int(high))).zfill(len(low))
    return chance.choice(LETTERS if among == "A-Z" else among.split(","))


def steuer(chance):
    """Ten digits of which one comes two or three times and no other more than once."""
    often = chance.choice([2, 3])
    digits = chance.sample(DIGITS, 11 - often)
    digits += digits[:1] * (often - 1)
    chance.shuffle(digits)
    return "".join(digits)


def filled(number, ending, chance):
    """The number with its check characters, or tried in an order of chance."""
    if ending:
        yield number.replace("?", "") + ending(number)
        return
    places = [i for i, c in enumerate(number) if c == "?"]
    lettered = any(c.isalpha() for c in number) or len(number) == 9 or len(number) == 8
    among = DIGITS + LETTERS if lettered and len(places) == 1 else DIGITS
    tries = [""]
    for _ in places:
        tries = [t + c for t in tries for c in among]
    chance.shuffle(tries)
    for tried in tries:
        characters = list(number)
        for place, c in zip(places, tried):
            characters[place] = c
        yield "".join(characters)


def changed(number, chance):
    characters = list(number)
    at = chance.randrange(len(characters))
    if chance.random() < 0.3 and at:
        characters[at - 1], characters[at] = characters[at], characters[at - 1]
    else:
        characters[at] = like(characters[at], chance)
    return "".join(characters)


def like(c, chance):
    return chance.choice(DIGITS) if c.isdigit() else chance.choice(LETTERS) if c.isalpha() else c


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
