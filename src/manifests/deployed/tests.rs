//! What deployment files start, as data: values with their places, defaults said to be defaults, secrets not at all.

use super::*;
use crate::manifests::fixture::drawn;

fn deployed(files: &str) -> Deployed {
    drawn(files).deployed
}

fn line<T>(said: &Said<T>) -> Option<u32> {
    said.at.as_ref().map(|at| at.line)
}

/// `NAME=value from source key:line`.
fn variables(container: &Container) -> Vec<String> {
    let say = |one: &EnvVar| {
        let value = match &one.value {
            Some(value) => value.to_string(),
            None if one.hidden => "(hidden)".to_owned(),
            None => "?".to_owned(),
        };
        format!("{}={value} from {} {}:{}", one.name, one.source, one.key, one.at.line)
    };
    container.env.iter().map(say).collect()
}

fn mounts(container: &Container) -> Vec<String> {
    let say = |one: &Mount| format!("{} {:?} {}{}", one.path, one.kind, one.source, if one.read_only { " ro" } else { "" });
    container.mounts.iter().map(say).collect()
}

#[test]
fn a_deployment_has_its_numbers_its_variables_and_its_mounts() {
    let found = deployed(
        "//- /k8s.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  strategy: {rollingUpdate: {maxSurge: 1}}
  template:
    spec:
      containers:
        - name: shop
          image: shop:1
          securityContext: {readOnlyRootFilesystem: true}
          envFrom:
            - configMapRef: {name: shop}
              prefix: APP_
          env:
            - {name: LOG, value: info}
            - {name: URL, valueFrom: {secretKeyRef: {name: db, key: url}}}
            - {name: SIZE, valueFrom: {configMapKeyRef: {name: shop, key: size}}}
            - {name: API_TOKEN, value: hunter2hunter2}
          volumeMounts:
            - {name: data, mountPath: /data}
            - {name: tmp, mountPath: /tmp}
            - {name: conf, mountPath: /etc/shop}
        - {name: proxy, image: envoy}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: shop-data}}
        - {name: tmp, emptyDir: {medium: Memory}}
        - {name: conf, configMap: {name: shop}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data:
  size: '50'
---
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData:
  url: postgres://a:hunter2@db
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec: {minReplicas: 2, maxReplicas: 8, scaleTargetRef: {kind: Deployment, name: shop}}
",
    );
    let shop = &found.workloads[0];
    assert_eq!((shop.owner.as_str(), shop.kind, shop.services.len()), ("Deployment/shop", WorkloadKind::Replicated, 1));
    let replicas = shop.replicas.as_ref().unwrap();
    assert_eq!((&replicas.value, line(replicas)), (&Amount::Count(3), Some(5)));
    let rollout = shop.rollout.as_ref().unwrap();
    assert_eq!((rollout.max_surge.value.of(3, true), line(&rollout.max_surge)), (Some(1), Some(6)));
    assert!(rollout.max_unavailable.is_default(), "25 % is what Kubernetes does by itself");
    assert_eq!(shop.autoscaler.as_ref().map(|one| (&one.least.value, &one.most.value)), Some((&Amount::Count(2), &Amount::Count(8))));
    let own = shop.own().next().unwrap();
    assert_eq!(
        variables(own),
        [
            "APP_size=50 from ConfigMap/shop size:35",
            "LOG=info from Deployment/shop LOG:17",
            "URL=(hidden) from Secret/db url:41",
            "SIZE=50 from ConfigMap/shop size:35",
            "API_TOKEN=(hidden) from Deployment/shop API_TOKEN:20",
        ]
    );
    assert_eq!(own.env[3].via.as_ref().map(|at| at.line), Some(19));
    assert_eq!(mounts(own), ["/data Durable shop-data", "/etc/shop ConfigMap shop ro", "/tmp Memory tmp"]);
    assert!(own.read_only_root.as_ref().is_some_and(|said| said.value));
    assert_eq!(own.mount_of("/data/a/b").map(|mount| mount.kind), Some(MountKind::Durable));
    assert!(own.mount_of("/database").is_none());
    assert_eq!(shop.containers[1].role, ContainerRole::Sidecar);
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn surge_rounds_up_and_unavailable_down() {
    assert_eq!((Amount::read("25%").of(3, true), Amount::read("25%").of(3, false)), (Some(1), Some(0)));
    assert_eq!(Amount::read("${N}").of(3, true), None);
}

#[test]
fn compose_units_fly_and_images_have_the_same_shape() {
    let found = deployed(
        "//- /docker-compose.yml
services:
  web:
    image: shop
    env_file: shop.env
    environment: {PORT: 80}
    read_only: true
    tmpfs: /run
    volumes: ['data:/data', './conf:/conf:ro', '/scratch']
    deploy: {replicas: '${N:-2}', update_config: {order: start-first}}
//- /shop.env
LOG=debug
//- /shop.service
[Service]
ExecStart=/usr/bin/shop
StateDirectory=shop
Environment=LOG=warn
//- /fly.toml
app = \"shop\"
[env]
LOG = \"info\"
[mounts]
source = \"data\"
destination = \"/data\"
//- /Dockerfile
FROM debian
WORKDIR /srv
ENV LOG=trace
VOLUME /var/lib/shop
USER 1000
CMD [\"shop\"]
",
    );
    let owners: Vec<&str> = found.workloads.iter().map(|one| one.owner.as_str()).collect();
    assert_eq!(owners, ["Dockerfile", "docker-compose.yml/web", "fly.toml", "shop.service"]);
    let [image, web, fly, unit] = found.workloads.as_slice() else { panic!() };
    assert!(found.workloads.iter().all(|one| one.services.contains("shop")));
    assert_eq!(image.containers[0].folder.as_ref().map(|said| said.value.as_str()), Some("/srv"));
    assert_eq!(mounts(&image.containers[0]), ["/var/lib/shop Ephemeral VOLUME"]);
    assert_eq!(web.replicas.as_ref().map(|said| &said.value), Some(&Amount::Count(2)));
    assert_eq!(web.rollout.as_ref().map(|one| &one.max_surge.value), Some(&Amount::Count(1)));
    assert_eq!(variables(&web.containers[0]), ["LOG=debug from shop.env LOG:1", "PORT=80 from docker-compose.yml PORT:5"]);
    assert_eq!(mounts(&web.containers[0]), ["/conf Host ./conf ro", "/data Durable data", "/run Memory tmpfs", "/scratch Ephemeral "]);
    assert_eq!(mounts(&fly.containers[0]), ["/data DurableEach data"]);
    assert_eq!(mounts(&unit.containers[0]), ["/var/lib/shop Durable /var/lib/shop"]);
    assert_eq!(unit.containers[0].variable("LOG").and_then(|one| one.value.clone()), Some(FactValue::Text("warn".to_owned())));
}
