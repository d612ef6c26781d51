//! Objects beside the plain workload, each with what must not be told.

use super::super::fixture::drawn;

const SHOP: &str = "//- /shop.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    metadata: {labels: {app: shop}}
    spec:
      serviceAccountName: shop
      containers:
        - name: shop
          image: shop:1
          securityContext: {readOnlyRootFilesystem: true}
          envFrom: [{configMapRef: {name: env}}]
          volumeMounts:
            - {name: data, mountPath: /data}
            - {name: whole, mountPath: /etc/whole}
            - {name: part, mountPath: /etc/part.toml, subPath: part.toml}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: data}}
        - {name: whole, configMap: {name: whole}}
        - {name: part, configMap: {name: part}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: fast, resources: {requests: {storage: 1Gi}}}
";

fn with(more: &str) -> super::super::fixture::Found {
    drawn(&format!("{SHOP}//- /more.yaml\n{more}"))
}

#[test]
fn files_of_a_config_map_follow_a_change_unless_they_are_a_part_of_it() {
    let found = with("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: whole}\nimmutable: true\n");
    assert_eq!(found.told("ConfigMap/whole", "change in the files"), "a minute or so later@shop.yaml:20");
    for other in ["ConfigMap/env", "ConfigMap/part"] {
        assert!(found.item(other).facts.iter().all(|fact| fact.key != "change in the files"), "{other}");
    }
    assert_eq!(found.told("ConfigMap/whole", "immutable"), "true@more.yaml:4");
    assert_eq!(found.told("Deployment/shop#rollout", "root file system read-only"), "true@shop.yaml:12");
}

#[test]
fn classes_and_volumes_belong_to_the_claims_of_services() {
    let found = with(
        "apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: ebs.csi.aws.com
reclaimPolicy: Retain
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: other}
provisioner: ebs.csi.aws.com
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: by-hand}
spec: {storageClassName: fast, capacity: {storage: 5Gi}, hostPath: {path: /mnt/data}, persistentVolumeReclaimPolicy: Delete}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: of-another}
spec: {storageClassName: fast, claimRef: {name: elsewhere}, hostPath: {path: /mnt/x}}
",
    );
    assert_eq!(found.summary("StorageClass/fast"), "volumes made by `ebs.csi.aws.com`, kept when its claim is deleted");
    assert_eq!(found.summary("PersistentVolume/by-hand"), "folder of one node of 5Gi made by hand, deleted with its claim");
    assert_eq!(found.told("PersistentVolume/by-hand", "path"), "/mnt/data@more.yaml:15");
    assert!(!found.ids().contains(&"StorageClass/other") && !found.ids().contains(&"PersistentVolume/of-another"));
}

#[test]
fn proxies_and_gateways_that_keep_a_client_at_a_pod_are_told() {
    let rule = "spec:\n  rules:\n    - backendRefs: [{name: shop, port: 80}]\n";
    for (text, key) in [
        (
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations: {alb.ingress.kubernetes.io/target-group-attributes: 'stickiness.enabled=true,stickiness.type=lb_cookie'}\nspec: {rules: [{http: {paths: [{backend: {service: {name: shop}}}]}}]}\n".to_owned(),
            "target-group-attributes",
        ),
        (
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations: {haproxy.org/cookie-persistence: SRV}\nspec: {defaultBackend: {service: {name: shop}}}\n".to_owned(),
            "cookie-persistence",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations: {traefik.ingress.kubernetes.io/service.sticky.cookie: 'true'}\nspec: {selector: {app: shop}}\n".to_owned(),
            "service.sticky.cookie",
        ),
        (
            format!("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: a}}\n{rule}      sessionPersistence: {{sessionName: s, absoluteTimeout: 1h}}\n"),
            "absoluteTimeout",
        ),
        (
            "apiVersion: traefik.io/v1\nkind: IngressRoute\nmetadata: {name: a}\nspec: {routes: [{services: [{name: shop, sticky: {cookie: {name: lb}}}]}]}\n".to_owned(),
            "name",
        ),
        (
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: shop.default.svc.cluster.local, trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: lb, ttl: 0s}}}}}\n".to_owned(),
            "ttl",
        ),
        (
            "apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: a}\nspec: {routes: [{services: [{name: shop}], loadBalancerPolicy: {strategy: Cookie}}]}\n".to_owned(),
            "strategy",
        ),
    ] {
        let kind = text.lines().nth(1).unwrap().trim_start_matches("kind: ").to_owned();
        let found = with(&text);
        let id = format!("{kind}/a#affinity");
        assert!(found.item(&id).services.contains(&"shop".into()), "{kind}");
        found.told(&id, key);
    }
}

#[test]
fn what_only_spreads_requests_or_is_switched_off_is_no_affinity() {
    let found = with(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, annotations: {appgw.ingress.kubernetes.io/cookie-based-affinity: 'false'}}
spec: {defaultBackend: {service: {name: shop}}}
---
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: {name: b}
spec: {routes: [{services: [{name: shop}], loadBalancerPolicy: {strategy: RoundRobin}}]}
---
apiVersion: traefik.io/v1
kind: IngressRoute
metadata: {name: c}
spec: {routes: [{services: [{name: somebody-else, sticky: {cookie: {}}}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: d}
spec: {selector: {app: shop}, sessionAffinity: None}
",
    );
    assert!(!found.ids().iter().any(|id| id.contains("affinity")), "{:?}", found.ids());
}

#[test]
fn jobs_schedules_and_instances_say_when_they_run() {
    let pod = "template: {spec: {containers: [{name: shop, image: shop}]}}";
    let found = with(&format!(
        "apiVersion: batch/v1
kind: Job
metadata: {{name: migrate, annotations: {{helm.sh/hook: 'pre-install,pre-upgrade'}}}}
spec: {{backoffLimit: 3, {pod}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: nightly}}
spec: {{schedule: '0 3 * * *', timeZone: Europe/Berlin, startingDeadlineSeconds: 60, jobTemplate: {{spec: {{backoffLimit: 0, {pod}}}}}}}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {{name: run}}
spec: {{template: {{metadata: {{annotations: {{autoscaling.knative.dev/max-scale: '9'}}}}, spec: {{containers: [{{name: shop, image: shop}}]}}}}}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: shop}}
spec: {{scaleTargetRef: {{name: shop}}, maxReplicaCount: 7, cooldownPeriod: 300, triggers: [{{type: kafka}}]}}
"
    ));
    assert_eq!(found.summary("Job/migrate#rollout"), "job, run by Helm at each pre-install,pre-upgrade");
    assert_eq!(found.told("Job/migrate#rollout", "tries again"), "3@more.yaml:4");
    assert_eq!(found.summary("CronJob/nightly#rollout"), "scheduled job, `0 3 * * *`, runs may overlap");
    assert_eq!(found.told("CronJob/nightly#rollout", "deadline for a late start"), "60@more.yaml:9");
    assert_eq!(found.summary("KnativeService/run#rollout"), "0 to 9 instances, as requests come");
    assert_eq!(found.summary("ScaledObject/shop"), "0 to 7 replicas of Deployment shop");
    assert_eq!(found.told("ScaledObject/shop", "seconds until it scales down"), "300@more.yaml:19");
}

#[test]
fn an_account_counts_when_it_brings_credentials() {
    let account = |name: &str, annotations: &str| {
        format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\n")
    };
    let found = with(&account("shop", "eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/shop'"));
    assert_eq!(found.told("ServiceAccount/shop", "role"), "arn:aws:iam::1:role/shop@more.yaml:3");
    assert!(!with(&account("shop", "a: b")).ids().contains(&"ServiceAccount/shop"));
    assert!(!with(&account("other", "eks.amazonaws.com/role-arn: x")).ids().contains(&"ServiceAccount/other"));
}

#[test]
fn what_operators_make_and_renew_is_said_to_be_theirs() {
    let shop = SHOP
        .replace("envFrom: [{configMapRef: {name: env}}]", "envFrom: [{secretRef: {name: fetched}}]")
        .replace("configMap: {name: whole}", "secret: {secretName: tls}");
    let found = drawn(&format!(
        "{shop}//- /more.yaml
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: shop-cert}}
spec: {{secretName: tls, duration: 2160h, renewBefore: 360h}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: x}}
spec: {{refreshInterval: 1h, target: {{name: fetched}}, data: [{{secretKey: url}}]}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: other}}
spec: {{secretName: unused}}
"
    ));
    let tls = found.summary("Secret/tls");
    assert!(tls.starts_with("Secret, made and renewed by cert-manager, mounted at `/etc/whole`"), "{tls}");
    assert_eq!(found.told("Secret/tls", "renewed before its end"), "360h@more.yaml:4");
    assert!(found.summary("Secret/fetched").starts_with("Secret with one key: `url`, fetched from elsewhere, set as environment"));
    assert_eq!(found.told("Secret/fetched", "fetched every"), "1h@more.yaml:9");
    assert!(!found.ids().contains(&"Secret/unused"));
}

#[test]
fn tokens_sockets_and_checksums_of_a_pod_are_told() {
    let shop = SHOP
        .replace("configMap: {name: whole}", "projected: {sources: [{serviceAccountToken: {path: token, expirationSeconds: 600}}]}")
        .replace("persistentVolumeClaim: {claimName: data}", "hostPath: {path: /run/x.sock, type: Socket}")
        .replace("labels: {app: shop}", "labels: {app: shop}, annotations: {checksum/config: abc}");
    let found = drawn(&shop);
    assert_eq!(
        found.summary("Deployment/shop#token/whole"),
        "token of the service account that lasts 600 s and that the node renews before, mounted at `/etc/whole`"
    );
    assert_eq!(found.summary("Deployment/shop#volume/data"), "socket of the node, mounted at `/data`");
    assert_eq!(found.told("Deployment/shop#rollout", "replaced when it changes"), "config@shop.yaml:6");
}
