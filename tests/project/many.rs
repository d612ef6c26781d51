//! Many repositories out of one: copies of a map with names, hosts and owners of their own, some of which they share.
//!
//! Used by the tests of `merge`, and by its bench.

use statemap::model::StateMap;

/// What services are about.
const NAMES: &[&str] =
    &["orders", "billing", "catalogue", "search", "shipping", "returns", "stock", "pricing", "reviews", "loyalty", "mailing", "fraud"];
/// Teams.
const TEAMS: &[&str] = &["checkout", "platform", "customer care", "data", "logistics"];

/// The name of a copy: `orders`, then `orders-12`.
pub(crate) fn name(at: usize) -> String {
    let word = NAMES[at % NAMES.len()];
    if at < NAMES.len() { word.to_owned() } else { format!("{word}-{at}") }
}

/// A copy of the storefront's map for another repository.
///
/// Each fourth one reads its database from `Secret/platform-database`, each third one has its own host for Kafka, and every one sends
/// mail through the host that the storefront names.
pub(crate) fn copy(map: &StateMap, at: usize, items: usize) -> StateMap {
    let name = name(at);
    let text = statemap::render::json(map).replace("storefront", &name);
    let secret = format!("Secret/{name}-database");
    let text = if at.is_multiple_of(4) { text.replace(&secret, "Secret/platform-database") } else { text };
    let text = match at % 3 {
        0 => text.replace("kafka-0.kafka:", "kafka-0.kafka.platform.svc:"),
        _ => text.replace("kafka-0.kafka:", &format!("kafka-0.{name}.svc.cluster.local:")),
    };
    let mut out: StateMap = serde_json::from_str(&text).expect("what was JSON is JSON");
    out.repository = Some(format!("https://github.com/example/{name}"));
    out.revision = Some(format!("{:040x}", 0x4fc0_b1c2_d3e4_u64.wrapping_mul(at as u64 + 1)));
    out.about.name = None;
    out.about.folder = None;
    out.about.owner = Some(TEAMS[at % TEAMS.len()].to_owned());
    // Until there are as many as asked for.
    let own = out.items.len();
    for more in 0..items.saturating_sub(own) {
        let mut item = out.items[more % own].clone();
        item.id = statemap::model::ItemId(format!("{}-{}", item.id, more + 2).into());
        item.hazards.clear();
        out.items.push(item);
    }
    out.items.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    out
}
