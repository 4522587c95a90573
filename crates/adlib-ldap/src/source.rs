//! A domain read whole: users, groups, organisational units, and principals of other domains.

use adlib_schema::{AttributeName, Filter, Preset, Schema, read::ReadBuilder};

use crate::{Connection, Error, Scope};

const OBJECT_CLASS: AttributeName = AttributeName::from_static("objectClass");

/// Read the domain called `name`, which is everything below `base`, into `builder`.
///
/// Disabled users come too: to leave them out is for the reader of the read to decide (R31). `progress` hears of the
/// number of entries so far (R38). Whether the domain was read to its end is in the builder afterwards: a read that
/// the server cut short is no error here, but incomplete there.
///
/// # Errors
/// What [`PagedSearch::next`](crate::PagedSearch::next) gives; the builder knows of it.
pub async fn read_domain(
    connection: &Connection,
    name: &str,
    base: &str,
    page_size: u32,
    builder: &mut ReadBuilder,
    progress: &mut (dyn FnMut(usize) + Send),
) -> Result<(), Error> {
    let schema = builder.mapper().schema();
    let filter = everything(schema);
    let attributes = schema.attributes();
    let mut search = connection.paged(base, Scope::Subtree, &filter, &attributes, page_size);
    builder.begin(name);
    let mut entries = 0;
    loop {
        match search.next().await {
            Ok(Some(entry)) => builder.entry(&entry),
            Ok(None) => break,
            Err(error) => {
                builder.fail(error.to_string());
                return Err(error);
            }
        }
        entries += 1;
        progress(entries);
    }
    match search.finish() {
        Ok(()) => builder.end(),
        Err(incomplete) => builder.fail(incomplete.to_string()),
    }
    Ok(())
}

/// What the mapping makes something of.
fn everything(schema: &Schema) -> Filter {
    let class = |name: &str| Filter::equal(OBJECT_CLASS, name);
    let mut kinds = vec![
        schema.user_search.for_all(),
        schema.group_search.for_all(),
        class("organizationalUnit"),
    ];
    if schema.preset == Preset::ActiveDirectory {
        kinds.push(class("foreignSecurityPrincipal"));
    }
    Filter::or(kinds)
}
