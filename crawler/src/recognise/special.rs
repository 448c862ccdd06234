//! Special kinds of personal data (GDPR Art. 9): religion, politics, union, orientation, ethnicity, health. They are told by
//! columns: what the header says and how many cells hold a word of the kind. In running text such words are the news.

use std::sync::LazyLock;

use super::text::{WordSet, lower};
use super::{ColumnFacts, Recogniser, no_find};

/// A row of the table for a kind that a header and a list of words tell.
const fn row(
    kind: &'static str,
    id_name: &'static str,
    normalise: fn(&str) -> Option<String>,
    column: fn(&ColumnFacts<'_>) -> Option<f32>,
) -> Recogniser {
    Recogniser { kind, id_name, identifies: false, announced: None, find: no_find, normalise, column }
}

pub(super) static RELIGION: Recogniser =
    row("RELIGION", "religion", |v| among(v, &FAITHS), |facts| column(facts, RELIGION_HEADERS));
pub(super) static POLITICS: Recogniser =
    row("POLITICAL_AFFILIATION", "politics", |v| among(v, &PARTIES), |facts| column(facts, POLITICS_HEADERS));
pub(super) static UNION: Recogniser =
    row("TRADE_UNION", "union", |v| among(v, &UNIONS), |facts| column(facts, UNION_HEADERS));
pub(super) static ORIENTATION: Recogniser = row(
    "SEXUAL_ORIENTATION",
    "orientation",
    |v| among(v, &ORIENTATIONS),
    |facts| column(facts, ORIENTATION_HEADERS),
);
pub(super) static ETHNICITY: Recogniser =
    row("ETHNIC_GROUP", "ethnicity", |v| among(v, &GROUPS), |facts| column(facts, ETHNICITY_HEADERS));
pub(super) static HEALTH: Recogniser =
    row("MEDICAL_TERM", "health", |v| among(v, &CONDITIONS), |facts| column(facts, HEALTH_HEADERS));

#[rustfmt::skip]
const RELIGION_HEADERS: &[&str] = &[
    "religion", "religious", "faith", "denomination", "confession", "konfession", "religionszugehörigkeit", "glaube", "kirchensteuer", "croyance",
    "religión", "credo", "religione", "religião", "godsdienst", "religia", "wyznanie", "vyznání", "религия", "вероисповедание", "din", "宗教", "종교",
];
#[rustfmt::skip]
const POLITICS_HEADERS: &[&str] = &[
    "political", "politics", "political party", "party affiliation", "political affiliation", "political view", "political opinion", "voting",
    "voted for", "partei", "parteizugehörigkeit", "parteimitglied", "parti politique", "partido", "partido político", "partito", "partij", "partia", "партия",
    "政党", "정당",
];
#[rustfmt::skip]
const UNION_HEADERS: &[&str] = &[
    "union", "union member", "union membership", "trade union", "labor union", "labour union", "union dues", "gewerkschaft", "gewerkschaftsmitglied",
    "syndicat", "sindicato", "sindacato", "vakbond", "fackförbund", "fagforening", "fagforbund", "ammattiliitto", "związek zawodowy", "профсоюз", "労働組合", "工会", "노조",
];
#[rustfmt::skip]
const ORIENTATION_HEADERS: &[&str] = &[
    "orientation", "sexual orientation", "sexuality", "sexual preference", "lgbt", "lgbtq", "sexuelle orientierung", "orientierung",
    "orientation sexuelle", "orientación sexual", "orientamento sessuale", "orientação sexual", "geaardheid", "orientacja seksualna", "ориентация", "性取向", "性的指向",
];
#[rustfmt::skip]
const ETHNICITY_HEADERS: &[&str] = &[
    "ethnicity", "ethnic", "ethnic group", "ethnic origin", "race", "racial", "ethnie", "ethnische herkunft", "origine ethnique", "etnia", "raza", "etnicidad",
    "raça", "etniciteit", "etnisk", "narodowość", "национальность", "этническая", "ırk", "民族", "人種", "인종",
];
#[rustfmt::skip]
const HEALTH_HEADERS: &[&str] = &[
    "diagnosis", "diagnoses", "disease", "illness", "medical condition", "health condition", "medical history", "health status", "allergy", "allergies",
    "medication", "medications", "prescription", "treatment", "symptom", "symptoms", "blood type", "blood group", "bloodtype", "disability", "disabilities",
    "pregnant", "pregnancy", "hiv", "hiv status", "vaccine", "vaccination", "comorbidities", "krankheit", "befund", "diagnose", "allergien", "medikament",
    "medikamente", "blutgruppe", "behinderung", "schwerbehinderung", "grad der behinderung", "krankenstand", "schwangerschaft", "maladie", "diagnostic", "allergie", "groupe sanguin",
    "handicap", "enfermedad", "diagnóstico", "alergia", "alergias", "grupo sanguíneo", "discapacidad", "malattia", "diagnosi", "gruppo sanguigno", "doença",
    "tipo sanguíneo", "ziekte", "bloedgroep", "sjukdom", "sygdom", "sykdom", "choroba", "диагноз", "заболевание", "группа крови", "hastalık", "疾病", "诊断", "血型", "病名", "血液型", "질병", "혈액형",
];

/// A list of words, each alone or within a cell of few words.
type List = LazyLock<WordSet>;

static FAITHS: List = LazyLock::new(|| {
    split(
        "christian christianity catholic roman protestant evangelical lutheran orthodox baptist methodist anglican presbyterian pentecostal mormon \
    adventist muslim islam islamic sunni shia shiite jewish judaism hindu hinduism buddhist buddhism sikh sikhism jain atheist agnostic taoist shinto \
    christlich katholisch römisch-katholisch evangelisch muslimisch jüdisch konfessionslos buddhistisch hinduistisch rk ev chrétien catholique protestant \
    musulman juif bouddhiste athée cristiano católico católica musulmán judío budista ateo cattolico musulmano ebreo buddista ateu protestante christelijk katholiek moslim \
    katolik muzułmanin żyd православный мусульманин католик иудей müslüman hristiyan 佛教 基督教 天主教 伊斯兰教 道教 仏教 神道 キリスト教 불교 기독교 천주교",
    )
});
static PARTIES: List = LazyLock::new(|| {
    split(
        "democrat democratic republican libertarian conservative labour labor liberal tory socialist communist green greens independent cdu csu spd fdp afd grüne linke bsw \
    ump lr psoe pp vox podemos ciudadanos pd lega forza fratelli pvv vvd cda d66 pvda sp pis po psl lewica konfederacja snp plaid ukip reform bjp inc aap \
    left-wing right-wing centrist progressive far-left far-right",
    )
});
static UNIONS: List = LazyLock::new(|| {
    split(
        "unite unison gmb usdaw rmt aslef nurses teamsters seiu afl-cio uaw afscme ufcw verdi ver.di ig-metall igmetall igbce gew dbb cgt cfdt fo cftc sud cgil cisl uil ccoo ugt fnv cnv \
    solidarność opzz union member nonmember non-member unionized mitglied gewerkschaft",
    )
});
static ORIENTATIONS: List = LazyLock::new(|| {
    split(
        "heterosexual homosexual bisexual straight gay lesbian queer asexual pansexual demisexual heterosexuell homosexuell bisexuell schwul lesbisch \
    hétérosexuel homosexuel bisexuel lesbienne heterosexuales lesbiana eterosessuale omosessuale bisessuale lesbica heteroseksueel homoseksueel biseksueel \
    гетеросексуал гомосексуал 异性恋 同性恋 双性恋",
    )
});
static GROUPS: List = LazyLock::new(|| {
    split(
        "white black caucasian african african-american asian hispanic latino latina latinx latine hawaiian pacific islander indian aboriginal maori indigenous native roma romani \
    arab mixed multiracial biracial caribbean bangladeshi pakistani chinese kurdish sinti blanco negro mestizo indígena branco preto pardo amarelo weiß schwarz asiatisch \
    汉族 壮族 回族 满族 维吾尔族 藏族 苗族 蒙古族 русский татарин башкир чуваш",
    )
});
static CONDITIONS: List = LazyLock::new(|| {
    split(
        "diabetes hypertension asthma cancer carcinoma tumor tumour leukemia leukaemia lymphoma melanoma hiv aids hepatitis tuberculosis pneumonia bronchitis copd influenza covid covid-19 \
    depression anxiety schizophrenia bipolar dementia alzheimer alzheimer's parkinson parkinson's epilepsy migraine stroke infarction arrhythmia fibrillation angina anemia anaemia arthritis \
    osteoporosis psoriasis eczema dermatitis allergy allergic obesity anorexia bulimia autism adhd ptsd insomnia gastritis ulcer colitis crohn's celiac cirrhosis nephritis renal \
    thyroid hypothyroidism hyperthyroidism gout lupus sclerosis fibromyalgia endometriosis pregnancy pregnant miscarriage infertility syphilis gonorrhea chlamydia herpes malaria sepsis fracture \
    peanut peanuts penicillin latex pollen lactose gluten shellfish aspirin ibuprofen paracetamol metformin insulin lisinopril atorvastatin amlodipine omeprazole levothyroxine metoprolol sertraline fluoxetine \
    warfarin amoxicillin prednisone salbutamol a+ a- b+ b- ab+ ab- o+ o- 0+ 0- krebs bluthochdruck schlaganfall herzinfarkt depressionen angststörung demenz epilepsie schwanger zuckerkrankheit \
    diabète asthme cancer dépression épilepsie grossesse cáncer diabetes depresión hipertensión asma embarazo tumore depressione ipertensione gravidanza kanker zwangerschap \
    糖尿病 高血压 高血圧 哮喘 喘息 癌症 がん 肺炎 抑郁症 うつ病 당뇨병 고혈압 천식 диабет астма гипертония рак депрессия",
    )
});

fn split(words: &'static str) -> WordSet {
    words.split_whitespace().collect()
}

fn among(value: &str, list: &List) -> Option<String> {
    let value = value.trim();
    if value.len() > 80 || value.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let small = lower(value);
    let told = list.contains(&*small)
        || small.split([' ', '/', ',', ';', '(', ')', '-']).any(|word| word.len() > 1 && list.contains(word));
    told.then(|| small.into_owned())
}

fn column(facts: &ColumnFacts<'_>, headers: &[&str]) -> Option<f32> {
    let (named, share) = (facts.header_has(headers), facts.form_share());
    let counted = facts.header_has(&[
        "count", "total", "cost", "price", "code", "id", "date", "type", "mode", "query", "set", "join",
        "screen", "image",
    ]);
    match named {
        true if share >= 0.3 => Some(0.9 + 0.08 * share),
        true if !counted && (facts.shape.worded_share() >= 0.6 || share >= 0.02) => Some(0.65),
        _ => None,
    }
}
