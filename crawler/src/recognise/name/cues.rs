//! Words around names: what announces a person, what follows one, and what makes a firm, a place or a thing of a name.

/// What comes right before a name, lower case; blanks and `:`/`,` between are skipped.
#[rustfmt::skip]
pub(super) const BEFORE: &[&str] = &[
    "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "miss", "dr", "dr.", "prof", "prof.", "sir", "herr", "herrn",
    "frau", "monsieur", "madame", "mme", "m.", "señor", "señora", "sr.", "sra.", "signor", "signora",
    "sig.", "sig.ra", "dhr.", "mevr.", "pan", "pani", "sayın", "bay", "bayan", "г-н", "г-жа", "dear",
    "hi", "hello", "hey", "hallo", "hola", "bonjour", "ciao", "hej", "liebe", "lieber", "cher", "chère",
    "estimado", "estimada", "caro", "cara", "beste", "pt", "patient", "name", "name is", "named", "i am",
    "i'm", "this is", "called", "customer", "client", "user", "employee", "contact", "owner", "holder",
    "signed", "signed by", "regards", "kind regards", "best regards", "sincerely", "cheers", "thanks",
    "yours", "from", "to", "attn", "between", "by", "author", "reported by", "assigned to",
    "mein name ist", "ich heiße", "ich bin", "je suis", "je m'appelle", "me llamo", "soy", "mi nombre es",
    "mi chiamo", "sono", "il mio nome è", "ik ben", "mijn naam is", "ik heet", "jag heter", "jag är",
    "jeg hedder", "jeg heter", "jeg er", "olen", "nimeni on", "meu nome é", "eu sou", "chamo-me", "sou",
    "nazywam się", "jestem", "jmenuji se", "jsem", "volám sa", "sunt", "mă numesc", "numele meu este",
    "ben", "adım", "benim adım", "меня зовут", "я", "это", "με λένε", "είμαι", "cordialement", "saludos",
    "atentamente", "atendido por", "distinti saluti", "cordiali saluti", "grüßen", "grüße", "groet",
    "groeten", "hälsningar", "hilsen", "terveisin", "pozdrawiam", "pozdravem", "cu stimă", "saygılarımla",
    "с уважением", "cc", "fullname", "full_name", "full name", "kunde", "cliente", "kund", "client",
    "nombre", "nom", "naam", "namn", "navn", "nimi", "imię", "imię i nazwisko", "jméno", "nume", "adı",
    "имя", "фио", "pacjent", "patiente", "paziente", "paciente", "with", "met", "mit", "avec", "con",
    "med",
];

/// What comes right after a name.
#[rustfmt::skip]
pub(super) const AFTER: &[&str] = &[
    " called", " joins", " joined", " cannot", " can't", " wrote", " said", " says", " left", " lives",
    " residing", ", residing", " residing", " resides", " (born", ", born", ", dob", " <", " requested",
    " reported", " complained", " asked", " and i", " from accounting", " has been", " is my", " hat ",
    " wohnt", " né", ", né", ", geboren", ", nacid", " con dni", ", personnummer", ", cpr", ", cnp",
    ", cpf", ", pesel", ", bsn", ", ssn", ", codice fiscale", ", henkilötunnus", ", t.c.", ", rodné",
    " wrote:", " signed", " will ", ", tel", ", phone", ", email", ", e-mail", "'s account", "'s email",
    "’s account", ", nato", ", nata", ", телефон", " passport", ", passport", ", age ", ", aged",
];

/// What makes the words before it a firm, a place or a thing.
#[rustfmt::skip]
pub(super) const FIRM_AFTER: &[&str] = &[
    " and sons", " & sons", " ltd", " limited", " inc", " llc", " plc", " group", " gmbh", " ag", " s.a",
    " s.r.l", " spa", " bv", " b.v", " ab ", " oy", " corp", " co.", " & co", " company", " holdings",
    " partners", " associates", " bank", " street", " st.", " road", " avenue", " ave", " lane", " drive",
    " park", " square", " hospital", " university", " college", " school", " airport", " stadium",
    " hotel", " museum", " award", " prize", " foundation", " institute", " county", " island", " tee",
    " jeans", " perfume", " edition", " store", " shop", " apt", " suite", " manor", " crest", " plaza",
    " court", " way", " theatre", " center", " centre", " day", " bridge", " building", " house",
    " library",
];

#[rustfmt::skip]
pub(super) const PARTICLES: &[&str] = &[
    "de", "la", "van", "von", "der", "den", "da", "do", "dos", "das", "del", "della", "di", "du", "des",
    "le", "el", "al", "bin", "ibn", "ben", "ter", "ten", "te", "zu", "zum", "zur", "af", "av", "y", "e",
    "het", "'t", "op", "las", "los", "san", "st.", "ould", "abu", "bint",
];

/// Words that open a letter, after which a given name may stand alone.
#[rustfmt::skip]
pub(super) const ADDRESSED: &[&str] = &[
    "dear", "hi", "hello", "hey", "liebe", "lieber", "cher", "chère", "estimado", "estimada", "caro",
    "cara", "beste", "kära", "kære", "hei", "hej", "cześć", "ahoj", "merhaba", "sevgili", "olá",
];

/// Names of fields for one part of a name.
#[rustfmt::skip]
pub(super) const FIELDS: &[&str] = &[
    "first_name", "firstname", "first name", "given_name", "givenname", "given name", "forename", "fname",
    "last_name", "lastname", "last name", "surname", "family_name", "familyname", "lname", "vorname",
    "nachname", "prénom", "prenom", "nombre", "apellido", "apellidos", "cognome", "sobrenome", "voornaam",
    "achternaam", "förnamn", "efternamn", "imię", "nazwisko", "jméno", "příjmení", "middle_name",
    "middlename", "maiden_name",
];
