//! Odd and hostile files: read right, or told with their place, within bounds.

use super::fixture::{drawn, drawn_with};
use crate::source::MemoryTree;

const SHOP: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: shop
          image: shop
          env:
            - name: LOG
              value: info
";

fn tree() -> MemoryTree {
    MemoryTree::from_fixture("//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"1.0.0\"\n//- /src/main.rs\nfn main() {}\n")
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let windows = |text: &str| text.replace('\n', "\r\n");
    let chart = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  {{- range $k, $v := .Values.data }}\n  {{ $k }}: {{ $v | quote }}\n  {{- end }}\n  size: {{ .Values.size }}\n";
    let found = drawn_with(
        tree()
            .with_file("shop.yaml", format!("\u{feff}{}", windows(SHOP)))
            .with_file("Dockerfile", windows("FROM debian\nENV LOG=info \\\n  SIZE=1\nCMD [\"shop\"]\n"))
            .with_file("shop.env", windows("LOG=info\n"))
            .with_file("chart/Chart.yaml", windows("name: shop\n"))
            .with_file("chart/values.yaml", windows("size: 5\ndata: {a: x}\n"))
            .with_file("chart/templates/config.yaml", windows(chart))
            .with_file("docker-compose.yml", windows("services:\n  web:\n    image: shop\n    env_file: shop.env\n")),
    );
    assert_eq!(found.told("Deployment/shop#rollout", "replicas"), "2@shop.yaml:6");
    assert_eq!(found.told("Dockerfile#ENV", "SIZE"), "1@Dockerfile:3");
    assert_eq!(found.told("ConfigMap/shop", "size"), "5@chart/values.yaml:1");
    assert_eq!(found.told("ConfigMap/shop", "a"), "x@chart/values.yaml:2");
    let web = found.deployed.workloads.iter().find(|one| one.owner.ends_with("web")).unwrap();
    assert_eq!(web.containers[0].variable("LOG").map(|one| one.value.clone().unwrap().to_string()).as_deref(), Some("info"));
    assert!(found.diagnostics.is_empty(), "{:?}", found.diagnostics);
}

#[test]
fn of_keys_that_are_written_twice_the_last_one_counts() {
    let found = drawn(&format!("//- /shop.yaml\n{}", SHOP.replace("  replicas: 2\n", "  replicas: 2\n  replicas: 3\n")));
    assert_eq!(found.told("Deployment/shop#rollout", "replicas"), "3@shop.yaml:7");
}

#[test]
fn anchors_and_merges_of_objects_are_followed() {
    let text = SHOP.replace(
        "            - name: LOG\n              value: info\n",
        "            - &log {name: LOG, value: info}\n            - <<: *log\n              name: LOG_TOO\n",
    );
    let found = drawn(&format!("//- /shop.yaml\n{text}"));
    assert_eq!(found.told("Deployment/shop#shop/environment", "LOG_TOO"), "info@shop.yaml:13");
}

#[test]
fn each_of_a_hundred_documents_is_read_and_a_broken_one_is_told_with_its_line() {
    let mut text = String::new();
    for at in 0..100 {
        let document = if at == 50 {
            "kind: X\napiVersion: v1\nx:\n\ty: 1\n".to_owned()
        } else {
            SHOP.replace("name: shop\nspec", &format!("name: shop-{at}\nspec"))
        };
        text.push_str(&format!("---\n{document}"));
    }
    let found = drawn(&format!("//- /shop.yaml\n{text}"));
    assert_eq!(found.deployed.workloads.len(), 99);
    assert_eq!(found.diagnostics.len(), 1, "{:?}", found.diagnostics);
    let tab = text.lines().position(|line| line.starts_with('\t')).unwrap() + 1;
    assert_eq!((found.diagnostics[0].file.as_deref(), found.diagnostics[0].line), (Some("shop.yaml"), u32::try_from(tab).ok()));
}

#[test]
fn binary_files_are_told_and_the_others_are_read() {
    let noise: Vec<u8> = (0..4096_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut found = tree().with_file("shop.yaml", SHOP);
    for path in [
        "a.yaml",
        "docker-compose.yml",
        "Dockerfile",
        "fly.toml",
        ".env",
        "x.service",
        "chart/templates/x.yaml",
        "chart/Chart.yaml",
        "k/kustomization.yaml",
    ] {
        found = found.with_file(path, noise.clone());
    }
    let found = drawn_with(found);
    assert_eq!(found.deployed.workloads.len(), 1);
    assert!(found.diagnostics.iter().all(|one| one.file.is_some()) && !found.diagnostics.is_empty());
}

#[test]
fn thirty_megabytes_of_definitions_are_passed_over() {
    let mut schema =
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec:\n  properties:\n".to_owned();
    let mut at = 0;
    while schema.len() < 6 * 1024 * 1024 {
        schema.push_str(&format!("    field{at}: {{type: string, description: one of very many fields of this definition}}\n"));
        at += 1;
    }
    let mut files = tree().with_file("shop.yaml", SHOP);
    for at in 0..5 {
        files = files.with_file(&format!("crds/{at}.yaml"), schema.clone());
    }
    let found = drawn_with(files.with_file("crds/huge.yaml", schema.repeat(2)));
    assert_eq!(found.told("Deployment/shop#rollout", "replicas"), "2@shop.yaml:6");
    assert_eq!(found.ids().len(), 2, "{:?}", found.ids());
    assert!(found.diagnostics.iter().any(|one| one.file.as_deref() == Some("crds/huge.yaml")));
}

#[test]
fn objects_that_compare_everything_with_everything_end() {
    let mut pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n  containers:\n  - name: shop\n    image: shop\n    env:\n".to_owned();
    for at in 0..30_000 {
        pod.push_str(&format!("    - {{name: V{at}, valueFrom: {{secretKeyRef: {{name: s, key: k{at}}}}}}}\n"));
    }
    pod.push_str("    volumeMounts:\n");
    for at in 0..20_000 {
        pod.push_str(&format!("    - {{name: v{at}, mountPath: /m{at}}}\n"));
    }
    pod.push_str("  volumes:\n");
    for at in 0..20_000 {
        pod.push_str(&format!("  - {{name: v{at}, emptyDir: {{}}}}\n"));
    }
    let mut many = String::new();
    for at in 0..3_000 {
        many.push_str(&format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{at}}}\nspec: {{selector: {{app: a{at}}}}}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i{at}, annotations: {{x/affinity: cookie}}}}\nspec: {{rules: [{{http: {{paths: [{{backend: {{service: {{name: s{at}}}}}}}]}}}}]}}\n"));
    }
    let mut compose = "services:\n".to_owned();
    for at in 0..5_000 {
        compose.push_str(&format!(
            "  s{at}: {{image: {}, environment: {{A: 'http://s{}:1'}}, volumes: ['v{at}:/d']}}\n",
            if at % 2 == 0 { "shop" } else { "x" },
            at + 1
        ));
    }
    let found = drawn_with(tree().with_file("pod.yaml", pod).with_file("many.yaml", many).with_file("docker-compose.yml", compose));
    assert!(found.deployed.workloads.len() > 100);
}

/// Files of every format that this stage reads; `hunter` starts each secret.
const SECRETS: &str = "//- /Dockerfile
FROM rust AS build
ARG GIT_TOKEN=hunter01
RUN cargo build
FROM debian
COPY run.sh release.sh /
COPY settings.toml /etc/
ENV APP_KEY hunter02
HEALTHCHECK CMD curl -H 'Authorization: Bearer hunter03' http://localhost
ENTRYPOINT [\"/run.sh\"]
CMD [\"shop\", \"--token=hunter04\"]
//- /run.sh
#!/bin/sh
export API_TOKEN=hunter05 URL=redis://a:hunter06@h
: ${SECRET_KEY:=hunter07}
mkdir -p /data/$SECRET
PGPASSWORD=hunter08 shop migrate --password hunter09
exec shop --secret hunter10
//- /release.sh
#!/bin/sh
DB_PASSWORD=hunter11 shop migrate --token hunter12
//- /settings.toml
[db]
password = \"hunter13\"
urls = [\"postgres://a:hunter14@h\"]
//- /docker-compose.yml
services:
  base: {image: shop, environment: [API_KEY=hunter15, 'URL=amqp://a:hunter16@h']}
  web:
    extends: base
    command: sh -c 'mkdir -p /data && shop --password hunter17'
    environment: {JWT_SECRET: '${JWT:-hunter18}'}
    healthcheck: {test: [CMD, redis-cli, -a, hunter19, ping]}
//- /k8s/base/kustomization.yaml
resources: [shop.yaml]
secretGenerator:
  - {name: made, literals: [token=hunter20], envs: [made.env]}
configMapGenerator:
  - {name: plain, literals: ['URL=postgres://a:hunter21@h', 'API_TOKEN=hunter22']}
//- /k8s/base/made.env
PASSWORD=hunter23
//- /k8s/base/shop.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      initContainers: [{name: init, image: x, command: [sh, -c, 'run --password hunter24']}]
      containers:
        - name: shop
          image: shop
          envFrom: [{secretRef: {name: made}}, {configMapRef: {name: plain}}]
          env: [{name: ADMIN_PASSWORD, value: hunter25}]
          lifecycle: {preStop: {exec: {command: [stop, --token, hunter26]}}}
          readinessProbe: {exec: {command: [curl, -u, 'a:hunter27', 'http://h']}}
        - {name: side, image: x, args: [--auth-token=hunter28], env: [{name: SIDE_SECRET, value: hunter29}]}
---
apiVersion: v1
kind: Secret
metadata: {name: made}
data: {a: hunter30}
stringData: {b: 'hunter31'}
//- /k8s/overlays/production/kustomization.yaml
resources: [../../base]
patches:
  - target: {kind: Deployment, name: shop}
    patch: |
      - op: add
        path: /spec/template/spec/containers/0/env/-
        value: {name: CLIENT_SECRET, value: hunter32}
configMapGenerator:
  - {name: plain, behavior: merge, literals: ['URL=postgres://b:hunter33@h']}
//- /chart/Chart.yaml
name: shop
dependencies: [{name: postgresql, version: 1, repository: 'https://u:hunter34@charts.example.com'}]
//- /chart/values.yaml
db: {password: hunter35}
extraEnv: [{name: MAIL_PASSWORD, value: hunter36}]
//- /chart/values-production.yaml
db: {password: hunter37}
//- /chart/templates/all.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - name: shop
          image: shop
          env:
            - {name: DB_PASSWORD, value: {{ .Values.db.password | quote }}}
            - {name: URL, value: {{ printf \"postgres://a:%s@h\" .Values.db.password | quote }}}
            - {name: LOOKED_UP, value: {{ derive \"hunter38\" .Values.db.password | quote }}}
            - {name: DEFAULTED_TOKEN, value: {{ .Values.none | default \"hunter39\" }}}
            {{- toYaml .Values.extraEnv | nindent 12 }}
            {{- if unknown \"hunter40\" }}
            - {name: MAYBE_TOKEN, value: hunter41}
            {{- end }}
---
apiVersion: v1
kind: Secret
metadata: {name: shop}
stringData:
  password: {{ .Values.db.password }}
  config.yaml: |
    token: hunter42
//- /ecs/task.json
{\"containerDefinitions\": [{\"name\": \"shop\", \"image\": \"shop\", \"command\": [\"--password\", \"hunter43\"], \"environment\": [{\"name\": \"A_TOKEN\", \"value\": \"hunter44\"}]}]}
//- /serverless.yml
provider: {environment: {ALL_SECRET: hunter45}}
functions: {shop: {handler: shop, environment: {URL: 'redis://:hunter46@h'}}}
//- /shop.service
[Service]
ExecStart=/usr/bin/shop --api-key hunter47
Environment=\"TOKEN=hunter48\" URL=redis://:hunter49@h
SetCredential=db:hunter50
//- /fly.toml
app = \"shop\"
[env]
SESSION_KEY = \"hunter51\"
[deploy]
release_command = \"shop migrate --password hunter52\"
//- /.env
SIGNING_KEY=hunter53
URL=postgres://a:hunter54@h
//- /migrations/1.sql
INSERT INTO users (name, password) VALUES ('admin', 'hunter55');
";

#[test]
fn no_secret_is_in_what_is_drawn() {
    for end in ["", "\n\t}: [ \"\n", "\r\n"] {
        let files = SECRETS.replace("\n//- /", &format!("{end}\n//- /"));
        let found = drawn(&files);
        let said = format!("{:?}{:?}{:?}", found.items, found.deployed, found.diagnostics);
        let leak = said.find("hunter").map(|at| &said[at.saturating_sub(200)..(at + 20).min(said.len())]);
        assert_eq!(leak, None);
        assert!(!end.is_empty() || found.items.len() > 30, "{:?}", found.ids());
    }
}

#[test]
fn a_rollout_tells_what_the_variables_of_its_command_are() {
    let action = "name: Roll out\ninputs:\n  cluster:\n    required: true\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      env:\n        \
        CLUSTER: ${{ inputs.cluster }}\n        SERVICE: shop\n        API_TOKEN: hunter2\n        ROLE: ${{ secrets.ROLE }}\n        OTHER: unused\n      \
        run: aws ecs update-service --service ${SERVICE} --cluster $CLUSTER --token ${API_TOKEN} --role ${ROLE}\n";
    let uses = |cluster: &str| {
        format!("jobs:\n  roll:\n    steps:\n      - uses: ./.github/actions/roll\n        with:\n          cluster: {cluster}\n")
    };
    let of = |staging: &str| {
        let found = drawn_with(
            tree()
                .with_file(".github/actions/roll/action.yml", action)
                .with_file(".github/workflows/live.yml", uses("shop-live"))
                .with_file(".github/workflows/staging.yml", uses(staging)),
        );
        let item = found.items.iter().find(|item| item.name.starts_with("rollout by")).unwrap();
        let facts = item.facts.iter().map(|fact| format!("{} {}", fact.key, fact.value.as_ref().unwrap()));
        facts.collect::<Vec<_>>()
    };
    assert_eq!(of("shop-staging"), ["CLUSTER shop-live or shop-staging", "SERVICE shop"]);
    // What one of them gives is not known.
    assert_eq!(of("${{ vars.CLUSTER }}"), ["SERVICE shop"]);
}
