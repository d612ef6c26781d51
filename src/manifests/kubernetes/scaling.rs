//! What changes the number of pods, or keeps some of them: autoscalers, disruption budgets.

use super::super::draft::Draft;
use super::super::hide;
use super::super::yaml::Node;
use super::objects::plain;
use super::{Cluster, Object};
use crate::model::FactValue;

pub(super) fn autoscaler(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let target = object.get(&["spec", "scaleTargetRef"]).or_else(|| object.get(&["spec", "targetRef"]))?;
    let (kind, name) = (target.text_of("kind").unwrap_or("Deployment"), target.text_of("name").unwrap_or_default());
    let mut services = cluster.services_of(kind, name);
    services.extend(cluster.names.by_name(name));
    if services.is_empty() {
        return None;
    }
    let of = |keys: &[&'static str]| keys.iter().find_map(|key| object.get(&["spec", key]));
    let (least, most) = (of(&["minReplicas", "minReplicaCount"]), of(&["maxReplicas", "maxReplicaCount"]));
    let said = |node: Option<&Node>, usual: &str| node.and_then(Node::text).map_or_else(|| usual.to_owned(), hide::text);
    let summary = match object.kind {
        "VerticalPodAutoscaler" => format!("sets the size of pods of {kind} {}", hide::text(name)),
        "ScaledObject" => format!("{} to {} replicas of {kind} {}", said(least, "0"), said(most, "100"), hide::text(name)),
        _ => format!("{} to {} replicas of {kind} {}", said(least, "1"), said(most, "unknown"), hide::text(name)),
    };
    let mut draft = plain(object, summary, &services).name(format!("autoscaler of {name}"));
    for (key, node) in [("least replicas", least), ("most replicas", most)] {
        if let Some(node) = node {
            draft.site(object.origin, node.at);
            draft.text(key, node.text().unwrap_or_default(), object.origin, node.at);
        }
    }
    for (key, path) in [
        ("replicas when idle", &["spec", "idleReplicaCount"][..]),
        ("seconds until it scales down", &["spec", "cooldownPeriod"]),
        ("seconds between questions", &["spec", "pollingInterval"]),
        ("seconds until it scales down", &["spec", "behavior", "scaleDown", "stabilizationWindowSeconds"]),
    ] {
        if let Some(node) = object.get(path) {
            draft.text(key, node.text().unwrap_or_default(), object.origin, node.at);
        }
    }
    for metric in object.get(&["spec", "metrics"]).map(Node::items).unwrap_or_default() {
        let resource = metric.get("resource");
        let name = resource.and_then(|resource| resource.text_of("name")).or_else(|| metric.text_of("type")).unwrap_or("metric");
        let goal = resource.and_then(|resource| resource.at_path(&["target", "averageUtilization"])).and_then(Node::text);
        let value = goal.map_or_else(|| "set".to_owned(), |goal| format!("{} %", hide::text(goal)));
        if goal.is_some() {
            draft.summary.push_str(&format!(", aiming at {value} of {}", hide::text(name)));
        }
        draft.fact(&format!("{} per pod", hide::text(name)), FactValue::Text(value), object.origin, metric.at);
    }
    for trigger in object.get(&["spec", "triggers"]).map(Node::items).unwrap_or_default() {
        draft.text("trigger", trigger.text_of("type").unwrap_or_default(), object.origin, trigger.at);
    }
    Some(draft)
}

pub(super) fn budget(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let mut services = cluster.selected(object.get(&["spec", "selector", "matchLabels"]));
    services.extend(cluster.names.by_name(object.name));
    let (key, node) = ["minAvailable", "maxUnavailable"].iter().find_map(|key| Some((*key, object.get(&["spec", key])?)))?;
    let value = hide::text(node.text().unwrap_or_default());
    let said = if key == "minAvailable" { format!("at least {value} stay") } else { format!("at most {value} go at a time") };
    let mut draft =
        plain(object, format!("{said} when nodes are drained"), &services).name(format!("disruption budget of {}", object.name));
    draft.site(object.origin, node.at);
    (!services.is_empty()).then_some(draft)
}
