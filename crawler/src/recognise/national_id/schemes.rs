//! The table of national id numbers. One row a number; add a country by adding a row.

use super::checks as c;

/// How one country's number is built.
pub(in crate::recognise) struct Scheme {
    /// Country and name, as findings show it.
    pub subtype: &'static str,
    /// Classes of the characters without separators: `D` digit, `L` letter, `A` either, `X` digit or X.
    pub form: &'static str,
    /// After how many characters a separator may stand.
    pub breaks: &'static [u8],
    /// Bit sets over the characters: which must be digits, which letters, and before which a separator may stand.
    pub digits: u32,
    pub letters: u32,
    pub gaps: u32,
    /// Whether one separator alone is usual though `breaks` has several places.
    pub one_gap: bool,
    /// Checksum and rules, over upper-case characters of the form.
    pub check: fn(&[u8]) -> bool,
    /// Confidence without any word nearby when written in one piece.
    pub bare: f32,
    /// The same when written in its usual groups.
    pub grouped: f32,
    /// Share of random strings of the form that pass the check.
    pub chance: f32,
    /// Words for this number alone, lower case.
    pub words: &'static [&'static str],
}

impl Scheme {
    pub(in crate::recognise) fn accepts(&self, number: &[u8]) -> bool {
        number.len() == self.form.len()
            && number.iter().enumerate().all(|(i, b)| self.fits_class(i, *b))
            && (self.check)(number)
    }

    pub(super) fn fits_class(&self, at: usize, b: u8) -> bool {
        match self.form.as_bytes()[at] {
            b'D' => b.is_ascii_digit(),
            b'L' => b.is_ascii_alphabetic(),
            b'X' => b.is_ascii_digit() || b | 32 == b'x',
            _ => b.is_ascii_alphanumeric(),
        }
    }
}

const fn row(
    subtype: &'static str,
    form: &'static str,
    breaks: &'static [u8],
    check: fn(&[u8]) -> bool,
    [bare, grouped, chance]: [f32; 3],
    words: &'static [&'static str],
) -> Scheme {
    let one_gap = matches!(form.len(), 9) && matches!(form.as_bytes()[8], b'L') || breaks.len() == 1;
    let (digits, letters) = (places(form, b'D'), places(form, b'L'));
    let (mut gaps, mut i) = (0, 0);
    while i < breaks.len() {
        gaps |= 1 << breaks[i];
        i += 1;
    }
    Scheme { subtype, form, breaks, digits, letters, gaps, one_gap, check, bare, grouped, chance, words }
}

/// The places of one class in a form, as a bit set.
const fn places(form: &str, class: u8) -> u32 {
    let (mut set, mut i) = (0, 0);
    while i < form.len() {
        set |= ((form.as_bytes()[i] == class) as u32) << i;
        i += 1;
    }
    set
}

/// At most 128 rows: columns count them in one word of bits.
pub(in crate::recognise) static SCHEMES: &[Scheme] = &[
    row("DE_STEUER_ID", "DDDDDDDDDDD", &[2, 5, 8], c::de_steuer_id, [0.52, 0.6, 0.04], &["steuernummer"]),
    row("UK_NINO", "LLDDDDDDL", &[2, 4, 6, 8], c::uk_nino, [0.75, 0.85, 0.1], &[]),
    row("UK_NHS", "DDDDDDDDDD", &[3, 6], c::uk_nhs, [0.1, 0.6, 0.09], &["patient"]),
    row(
        "US_SSN",
        "DDDDDDDDD",
        &[3, 5],
        c::us_ssn,
        [0.0, 0.7, 0.88],
        &["ss#", "ssn", "social", "taxpayer", "tin"],
    ),
    row("ES_DNI", "DDDDDDDDL", &[2, 5, 8], c::es_dni, [0.75, 0.8, 0.04], &[]),
    row("ES_NIE", "LDDDDDDDL", &[1, 8], c::es_nie, [0.85, 0.85, 0.01], &[]),
    row("FR_NIR", "DDDDDAADDDDDDDD", &[1, 3, 5, 7, 10, 13], c::fr_nir, [0.8, 0.9, 0.002], &[]),
    row("FR_NIR", "DDDDDAADDDDDDDD", &[1, 3, 5, 7, 10, 13], c::fr_nir_checked, [0.1, 0.5, 0.01], &[]),
    row("IT_CODICE_FISCALE", "LLLLLLAALAALAAAL", &[3, 6, 11], c::it_codice_fiscale, [0.95, 0.95, 0.004], &[]),
    row("PL_PESEL", "DDDDDDDDDDD", &[], c::pl_pesel, [0.6, 0.6, 0.015], &[]),
    row("NL_BSN", "DDDDDDDDD", &[3, 4, 6], c::nl_bsn, [0.1, 0.3, 0.09], &[]),
    row("SE_PERSONNUMMER", "DDDDDDDDDD", &[6], c::se_personnummer, [0.3, 0.8, 0.004], &[]),
    row("SE_PERSONNUMMER", "DDDDDDDDDDDD", &[8], c::se_personnummer12, [0.55, 0.85, 0.001], &[]),
    row("SE_PERSONNUMMER", "DDDDDDDDDDDD", &[8], c::se_personnummer12_checked, [0.1, 0.5, 0.004], &[]),
    row("BR_CPF", "DDDDDDDDDDD", &[3, 6, 9], c::br_cpf, [0.6, 0.9, 0.01], &[]),
    row("CN_RIC", "DDDDDDDDDDDDDDDDDX", &[6, 14], c::cn_ric, [0.95, 0.95, 0.0005], &[]),
    row("TR_TCKN", "DDDDDDDDDDD", &[3, 6, 9], c::tr_tckn, [0.65, 0.7, 0.009], &[]),
    row("RO_CNP", "DDDDDDDDDDDDD", &[1, 7], c::ro_cnp, [0.65, 0.7, 0.002], &[]),
    row("DK_CPR", "DDDDDDDDDD", &[6], c::dk_cpr, [0.1, 0.62, 0.03], &[]),
    row("FI_HETU", "DDDDDDDDDA", &[6], c::fi_hetu, [0.0, 0.9, 0.001], &[]),
    row("FI_HETU", "DDDDDDLDDDA", &[], c::fi_hetu_letter, [0.9, 0.9, 0.001], &[]),
    row("CZ_RODNE_CISLO", "DDDDDDDDDD", &[6], c::cz_rc, [0.1, 0.8, 0.003], &[]),
    row("KR_RRN", "DDDDDDDDDDDDD", &[6], c::kr_rrn, [0.3, 0.9, 0.02], &[]),
    row("IN_AADHAAR", "DDDDDDDDDDDD", &[4, 8], c::in_aadhaar, [0.4, 0.7, 0.08], &["uid", "uidai"]),
    row("IN_PAN", "LLLLLDDDDL", &[], c::in_pan, [0.75, 0.75, 0.3], &[]),
    row("BE_NATIONAL_NUMBER", "DDDDDDDDDDD", &[2, 4, 6, 9], c::be_national, [0.4, 0.85, 0.003], &[]),
    row("BE_BIS_NUMBER", "DDDDDDDDDDD", &[2, 4, 6, 9], c::be_bis, [0.4, 0.85, 0.004], &["bis"]),
    row("CH_AHV", "DDDDDDDDDDDDD", &[3, 7, 11], c::ch_ahv, [0.8, 0.95, 0.0001], &[]),
    row("AT_SVNR", "DDDDDDDDDD", &[4], c::at_svnr, [0.1, 0.3, 0.08], &["versicherungsnummer"]),
    row("PT_NIF", "DDDDDDDDD", &[3, 6], c::pt_nif, [0.1, 0.3, 0.09], &["contribuinte"]),
    row("BG_EGN", "DDDDDDDDDD", &[], c::bg_egn, [0.35, 0.35, 0.009], &[]),
    row("HR_OIB", "DDDDDDDDDDD", &[], c::hr_oib, [0.4, 0.4, 0.1], &[]),
    row("EE_ISIKUKOOD", "DDDDDDDDDDD", &[], c::ee_isikukood, [0.55, 0.55, 0.012], &[]),
    row("NO_FODSELSNUMMER", "DDDDDDDDDDD", &[6], c::no_fodselsnummer, [0.6, 0.8, 0.0003], &[]),
    row("CA_SIN", "DDDDDDDDD", &[3, 6], c::ca_sin, [0.1, 0.55, 0.09], &[]),
    row("ZA_ID", "DDDDDDDDDDDDD", &[6, 10, 11, 12], c::za_id, [0.6, 0.7, 0.0007], &[]),
    row("SG_NRIC", "LDDDDDDDL", &[], c::sg_nric, [0.85, 0.85, 0.01], &[]),
    row("MX_CURP", "LLLLDDDDDDLLLLLLAD", &[], c::mx_curp, [0.95, 0.95, 0.0001], &[]),
    row("CL_RUT", "DDDDDDDDA", &[2, 5, 8], c::cl_rut, [0.1, 0.7, 0.09], &[]),
    row("AU_TFN", "DDDDDDDDD", &[3, 6], c::au_tfn, [0.1, 0.45, 0.09], &[]),
    row("IE_PPS", "DDDDDDDL", &[], c::ie_pps, [0.5, 0.5, 0.04], &[]),
    row("IL_ID", "DDDDDDDDD", &[], c::il_id, [0.1, 0.1, 0.1], &[]),
    row("JP_MY_NUMBER", "DDDDDDDDDDDD", &[4, 8], c::jp_my_number, [0.3, 0.45, 0.1], &[]),
    row("GR_AMKA", "DDDDDDDDDDD", &[], c::gr_amka, [0.5, 0.5, 0.012], &[]),
    row("RU_SNILS", "DDDDDDDDDDD", &[3, 6, 9], c::ru_snils, [0.3, 0.85, 0.01], &[]),
    row("RU_INN", "DDDDDDDDDDDD", &[], c::ru_inn, [0.45, 0.45, 0.01], &[]),
    row(
        "AT_TAX_NUMBER",
        "DDDDDDDDD",
        &[2, 5],
        c::at_tax_number,
        [0.1, 0.4, 0.1],
        &["abgabenkontonummer", "steuernummer"],
    ),
    row("BG_PNF", "DDDDDDDDDD", &[], c::bg_pnf, [0.1, 0.1, 0.1], &["лнч"]),
    row("CY_TIN", "DDDDDDDDL", &[], c::cy_tin, [0.55, 0.55, 0.04], &[]),
    row("CZ_RODNE_CISLO", "DDDDDDDDD", &[6], c::cz_rc_old, [0.1, 0.55, 0.1], &[]),
    row(
        "DE_RVNR",
        "DDDDDDDDLDDD",
        &[2, 8, 9],
        c::de_rvnr,
        [0.85, 0.9, 0.001],
        &["rentenversicherung", "sv-nummer"],
    ),
    row(
        "DE_KVNR",
        "LDDDDDDDDD",
        &[4, 7],
        c::de_kvnr,
        [0.5, 0.6, 0.1],
        &["versichertennummer", "krankenkasse"],
    ),
    row(
        "FR_SPI",
        "DDDDDDDDDDDDD",
        &[2, 4, 7, 10],
        c::fr_spi,
        [0.55, 0.85, 0.0008],
        &["numéro fiscal", "spi"],
    ),
    row("GR_AFM", "DDDDDDDDD", &[], c::gr_afm, [0.1, 0.1, 0.1], &["αφμ", "afm"]),
    row(
        "HU_TAX_NUMBER",
        "DDDDDDDDDD",
        &[],
        c::hu_tax_number,
        [0.4, 0.4, 0.009],
        &["adóazonosító", "adóazonosító jel"],
    ),
    row("HU_TAJ", "DDDDDDDDD", &[3, 6], c::hu_taj, [0.1, 0.4, 0.1], &["taj", "tajszám", "taj-szám"]),
    row("IE_PPS", "DDDDDDDLL", &[], c::ie_pps_two, [0.7, 0.7, 0.01], &[]),
    row("IS_KENNITALA", "DDDDDDDDDD", &[6], c::is_kennitala, [0.3, 0.75, 0.0006], &[]),
    row("LT_ASMENS_KODAS", "DDDDDDDDDDD", &[], c::lt_asmens_kodas, [0.55, 0.55, 0.015], &[]),
    row(
        "LU_MATRICULE",
        "DDDDDDDDDDDDD",
        &[4, 6, 8, 11],
        c::lu_matricule,
        [0.8, 0.85, 0.0001],
        &["matricule"],
    ),
    row("LV_PERSONAS_KODS", "DDDDDDDDDDD", &[6], c::lv_personas_kods, [0.5, 0.8, 0.001], &[]),
    row("MT_ID", "DDDDDDDL", &[], c::mt_id, [0.1, 0.1, 0.31], &[]),
    row("PL_NIP", "DDDDDDDDDD", &[3, 6, 8], c::pl_nip, [0.1, 0.5, 0.09], &["nip"]),
    row(
        "PT_CARTAO_CIDADAO",
        "DDDDDDDDDAAD",
        &[8, 9, 11],
        c::pt_cartao_cidadao,
        [0.3, 0.6, 0.1],
        &["cartão de cidadão", "cidadão"],
    ),
    row("SI_DAVCNA", "DDDDDDDD", &[], c::si_davcna, [0.1, 0.1, 0.09], &["davčna", "davčna številka"]),
    row("SI_EMSO", "DDDDDDDDDDDDD", &[], c::si_emso, [0.6, 0.6, 0.002], &["emšo", "jmbg"]),
    row("UA_RNTRC", "DDDDDDDDDD", &[], c::ua_rntrc, [0.1, 0.1, 0.09], &["рнокпп", "інн", "іпн"]),
    row("UK_UTR", "DDDDDDDDDD", &[5], c::uk_utr, [0.1, 0.45, 0.09], &["utr", "unique taxpayer reference"]),
    row("US_ITIN", "DDDDDDDDD", &[3, 5], c::us_itin, [0.1, 0.7, 0.03], &["itin", "taxpayer", "tin"]),
    row("US_MBI", "DLADLADLLDD", &[4, 7], c::us_mbi, [0.85, 0.9, 0.1], &["medicare", "mbi"]),
    row(
        "CA_BC_PHN",
        "DDDDDDDDDD",
        &[4, 7],
        c::ca_bc_phn,
        [0.1, 0.5, 0.01],
        &["phn", "health number", "health card"],
    ),
    row("AU_MEDICARE", "DDDDDDDDDD", &[4, 9], c::au_medicare, [0.1, 0.5, 0.05], &["medicare"]),
    row("IN_EPIC", "LLLDDDDDDD", &[3], c::in_epic, [0.4, 0.4, 0.1], &["epic", "voter id", "voter"]),
    row("ZA_TAX_NUMBER", "DDDDDDDDDD", &[3, 6], c::za_tax_number, [0.1, 0.3, 0.05], &["income tax"]),
    row("MX_RFC", "LLLLDDDDDDAAA", &[4, 10], c::mx_rfc, [0.9, 0.9, 0.002], &[]),
    row("AR_CUIT", "DDDDDDDDDDD", &[2, 10], c::ar_cuit, [0.3, 0.9, 0.004], &["cuit", "cuil"]),
    row("NZ_IRD", "DDDDDDDDD", &[3, 6], c::nz_ird, [0.1, 0.4, 0.09], &["ird"]),
    row(
        "TH_PIN",
        "DDDDDDDDDDDDD",
        &[1, 5, 10, 12],
        c::th_pin,
        [0.3, 0.9, 0.08],
        &["เลขประจำตัวประชาชน", "บัตรประชาชน"],
    ),
];
