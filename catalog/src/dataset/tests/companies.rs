//! Layouts as different programs and companies make them.

use super::outcome;

#[test]
fn a_date_in_a_folder_s_name_is_a_partition_whatever_stands_around_it() {
    let found = outcome(
        "a/export_20240501/orders.csv
         a/export_20240502/orders.csv
         b/load-2024-05-01/chunk_001.csv
         b/load-2024-05-02/chunk_001.csv
         c/2024-05-01_full/part-0.csv
         c/2024-05-02_full/part-0.csv
         c/2024-05-02_delta/part-0.csv
         d/2024/05/part-0.csv
         d/2024/05/part-1.csv
         e/v2/part-0.csv
         e/v2/part-1.csv",
    );
    assert_eq!(
        found,
        [
            "a [date:date] orders: 2",
            "b [date:date] b: 2",
            "c [date:date] c: 2",
            "c/2024-05-02_delta/part-0.csv [] t_2024_05_02_delta_c: 1",
            "d [year:int month:int] d: 2",
            "e/v2 [] v2: 2",
        ]
    );
}

#[test]
fn folders_for_devices_regions_and_customers_are_partitions_whatever_their_files_are_called() {
    let found = outcome(
        "iot/dev-00017/2024-05-01.csv
         iot/dev-00042/2024-05-01.csv
         iot/dev-00108/2024-05-02.csv
         sales/DE/data.csv
         sales/FR/data.csv
         sales/US/data.csv
         hits/eu-west-1/1c642842-7189-45be-be06-936b6ff3cd4f.json ndjson
         hits/us-east-1/38fb31cf-8778-42d0-8293-9796450601f5.json ndjson
         hits/ap-south-1/82c8af50-a328-4a6f-8c51-aee715247251.json ndjson
         crm/customers/acme/data.csv
         crm/customers/orion/data.csv
         crm/customers/umbra/data.csv
         dwh/sales/data.csv
         dwh/costs/data.csv
         dwh/stock/data.csv
         model/v1/data.csv
         model/v2/data.csv
         model/v3/data.csv",
    );
    let partitioned: Vec<_> = found.iter().filter(|line| line.contains("[folder:string]")).cloned().collect();
    assert_eq!(
        partitioned,
        [
            "crm/customers [folder:string] customers: 3",
            "hits [folder:string] hits: 3",
            "iot [folder:string] iot: 3",
            "sales [folder:string] sales: 3",
        ]
    );
    assert_eq!(found.len(), 10, "{found:#?}");
}

#[test]
fn what_one_tenant_has_beyond_the_others_stays_apart() {
    let found = outcome(
        "t/acme/orders.csv
         t/orion/orders.csv
         t/umbra/orders.csv
         t/umbra/wishes.csv csv wish,by
         t/zenith/orders.csv",
    );
    assert_eq!(found, ["t [folder:string] orders: 4", "t/umbra/wishes.csv [] wishes: 1"]);
}

#[test]
fn a_key_whose_values_have_columns_of_their_own_tells_tables() {
    let found = outcome(
        "in/entity=orders/dt=2024-05-01/a.csv csv id,total,at
         in/entity=orders/dt=2024-05-02/b.csv csv id,total,at
         in/entity=people/dt=2024-05-01/c.csv csv name,mail,city
         in/entity=people/dt=2024-05-02/d.csv csv name,mail,city
         one/table=visits/dt=2024-05-01/a.csv
         one/table=visits/dt=2024-05-02/a.csv
         two/topic=orders/dt=2024-05-01/a.csv csv id,total
         two/topic=people/dt=2024-05-01/a.csv csv name,mail
         ev/kind=click/dt=2024-05-01/a.csv csv id,at,x,y
         ev/kind=view/dt=2024-05-01/b.csv csv id,at,x",
    );
    assert_eq!(
        found,
        [
            "ev [kind:string dt:date] ev: 2",
            "in/entity=orders [dt:date] entity_orders: 2",
            "in/entity=people [dt:date] entity_people: 2",
            "one/table=visits [dt:date] a: 2",
            "two/topic=orders [dt:date] topic_orders: 1",
            "two/topic=people [dt:date] topic_people: 1",
        ]
    );
}

#[test]
fn months_by_name_count_and_random_codes_may_look_like_words() {
    let found = outcome(
        "a/sales_jan24.csv
         a/sales_feb24.csv
         a/stock_01May2024.csv
         a/stock_02May2024.csv
         b/20240501/upload-u00x6m.csv
         b/20240501/upload-ay1321.csv
         b/20240501/upload-xhxcuh.csv
         b/20240502/upload-x7gzd6.csv",
    );
    assert_eq!(found, ["a [] sales: 2", "a [] stock: 2", "b [date:date] b: 4"]);
}

#[test]
fn refusals_saved_as_data_and_parts_not_yet_renamed_belong_to_none() {
    let found = outcome(
        "a/orders.json xml!Mislabelled Code,Message,RequestId
         a/more.json json error,status
         a/nested.json json error{code|message|status}
         a/_temporary-7f/part-0.csv
         a/_staging_3/part-0.csv
         a/~orders.csv
         a/orders.csv.__tmp
         #recycle/orders.csv
         a/kept.json json id,message,code
         b/2024-05-01--13/part-0-0 ndjson
         b/2024-05-01--13/_part-1-7.pending ndjson
         b/2024-05-01--14/part-0-0 ndjson",
    );
    assert_eq!(found, ["a/kept.json [] kept: 1", "b [hour:string] b: 2"]);
}
