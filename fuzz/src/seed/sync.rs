//! Plans as `preview` writes them.

use adlib_schema::{
    LdifReader, Mapper, Preset, Schema,
    read::{DirectoryRead, ReadBuilder},
};
use adlib_sync::{
    ManualRun, SyncOptions, preview,
    store::{DigestKey, Revision, StoreState},
};

use super::Seeds;

const DIRECTORY: &str = "version: 1\n
dn: uid=ada,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ada\nentryUUID: 597ae2f6-16a6-1027-98f4-d28b5365dc14
cn: Ada \"Countess\" <b>\nmail: ada@example.org\n
dn: uid=eve,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: eve\nentryUUID: 597ae2f6-16a6-1027-98f4-d28b5365dc15
mail: ada@example.org\n
dn: cn=staff,dc=example,dc=org\nobjectClass: groupOfNames\ncn: staff\nentryUUID: 597ae2f6-16a6-1027-98f4-d28b5365dc16
member: uid=ada,dc=example,dc=org\n";

pub(super) fn seeds(seeds: &mut Seeds) {
    let plan = plan();
    let pretty = serde_json::to_vec_pretty(&plan).unwrap_or_default();
    let cut = pretty.get(..pretty.len() / 2).unwrap_or_default().to_vec();
    seeds.push(("sync_plan", "plan", serde_json::to_vec(&plan).unwrap_or_default()));
    seeds.push(("sync_plan", "pretty", pretty));
    seeds.push(("sync_plan", "cut", cut));
    seeds.push(("sync_plan", "deep", format!("{{\"a\":{}", "[".repeat(200)).into()));
    let small = r#"{"plan_hash":"a","made_of":{"store":"1","sources":"b","options":"c"},"schema":1,"n":[1,-1,1.5e3,true,null]}"#;
    seeds.push(("sync_plan", "small", small.into()));
}

fn plan() -> adlib_sync::Plan {
    let state = StoreState::new(Revision::new("7"), DigestKey::new([7; 32]));
    let trigger = ManualRun::default().deleting_missing().into();
    preview(&read(), &state, &SyncOptions::default(), &trigger).unwrap_or_else(|refused| panic!("{refused}"))
}

fn read() -> DirectoryRead {
    let mut builder = ReadBuilder::new(Mapper::new(Schema::of(Preset::OpenLdap)));
    builder.begin("file");
    for entry in LdifReader::new(DIRECTORY.as_bytes()).flatten() {
        builder.entry(&entry);
    }
    builder.end();
    builder.finish()
}
