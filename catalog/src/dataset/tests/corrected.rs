//! What people say about a grouping.

use super::{Corrections, outcome_with};
use crate::dataset::{Correction, Grouping};

const LAKE: &str = "crm/dt=2024-05-01/orders.csv
    crm/dt=2024-05-02/orders.csv
    crm/dt=2024-05-02/returns.csv
    drop/sales_2023.csv
    drop/sales_2024.csv
    drop/leads.csv csv x,y
    drop/prospects.csv csv x,y,z
    drop/prospects.csv.md5 text -
    runs/2024-05-01/a.csv csv p,q
    runs/2024-05-02/a.csv csv p,q
    tmp2/notes.csv csv n,o";

fn corrected(lines: &[(&str, Grouping)]) -> Vec<String> {
    let correction =
        |(glob, to): &(&str, Grouping)| Correction { paths: vec![(*glob).to_string()], to: to.clone() };
    let corrections: Vec<Correction> = lines.iter().map(correction).collect();
    outcome_with(LAKE, &Corrections::new(&corrections).unwrap())
}

#[test]
fn a_named_dataset_holds_what_its_globs_match_and_keeps_its_name() {
    let said = [
        ("crm/**", Grouping::One("crm_all".into())),
        ("drop/{leads,prospects}*", Grouping::One("notes".into())),
    ];
    assert_eq!(
        corrected(&said),
        [
            "crm [dt:date] crm_all: 3",
            "drop [] notes: 2",
            "drop [] sales: 2",
            "runs [date:date] a: 2",
            "tmp2/notes.csv [] tmp2_notes: 1",
        ]
    );
}

#[test]
fn datasets_are_split_by_file_and_by_folder_or_left_out() {
    let said = [
        ("drop/sales_*", Grouping::EachFile),
        ("runs/**", Grouping::EachFolder),
        ("crm/**/returns.csv", Grouping::None),
        ("tmp2/*", Grouping::None),
    ];
    assert_eq!(
        corrected(&said),
        [
            "crm [dt:date] orders: 2",
            "drop/leads.csv [] leads: 1",
            "drop/prospects.csv [] prospects: 1",
            "drop/sales_2023.csv [] sales_2023: 1",
            "drop/sales_2024.csv [] sales_2024: 1",
            "runs/2024-05-01/a.csv [] t_2024_05_01_a: 1",
            "runs/2024-05-02/a.csv [] t_2024_05_02_a: 1",
        ]
    );
}

#[test]
fn the_first_correction_about_a_path_counts_and_a_wrong_glob_is_refused() {
    let said = [("drop/sales_2024.csv", Grouping::None), ("drop/sales*", Grouping::One("sales".into()))];
    assert!(corrected(&said).contains(&"drop/sales_2023.csv [] sales: 1".to_string()));
    let wrong = Correction { paths: vec!["drop/[".into()], to: Grouping::EachFile };
    assert!(Corrections::new(&[wrong]).is_err());
}

#[test]
fn the_name_that_people_chose_is_theirs() {
    let blobs: Vec<_> = LAKE.lines().map(|line| super::blob(line.trim())).collect();
    let current = super::grouped(&blobs);
    let to = Grouping::One("orders".into());
    let corrections = Corrections::new(&[Correction { paths: vec!["drop/*".into()], to }]).unwrap();
    for before in [current, super::grouped_with(&blobs, &corrections)] {
        let mut datasets = super::grouped_with(&blobs, &corrections);
        super::keep_names(&mut datasets, &before);
        let name = |root: &str| datasets.iter().find(|dataset| dataset.root == root).unwrap().name.clone();
        assert_eq!(name("drop"), "orders");
        let others = datasets.iter().filter(|dataset| dataset.name == "orders").count();
        assert_eq!(others, 1, "{datasets:#?}");
    }
}
