//! Charts through all of the reader: what is evaluated, what is kept as text, and where values are.

use super::super::deployed::Amount;
use super::super::fixture::drawn;

const CHART: &str = "//- /chart/Chart.yaml
apiVersion: v2
name: shop
appVersion: '2.1'
dependencies:
  - {name: postgresql, version: 12.x, repository: 'https://charts.example.com', condition: postgresql.enabled}
  - {name: redis, version: 1.x, condition: redis.enabled}
//- /chart/templates/_helpers.tpl
{{- define \"shop.fullname\" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix \"-\" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix \"-\" -}}
{{- else -}}
{{- printf \"%s-%s\" .Release.Name $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- define \"shop.labels\" -}}
app: {{ .Chart.Name }}
{{- end }}
";

const VALUES: &str = "//- /chart/values.yaml
replicas: 2
image: {repository: shop, tag: ''}
postgresql: {enabled: true}
redis: {enabled: false}
resources:
  limits:
    memory: 1Gi
env:
  LOG: info
  PORT: 8080
extra:
  - {name: cache, path: /cache}
  - {name: data, path: /data}
autoscaling: {enabled: false}
";

const DEPLOYMENT: &str = "//- /chart/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"shop.fullname\" . }}
  labels:
    {{- include \"shop.labels\" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  template:
    metadata:
      annotations:
        checksum/config: {{ include (print $.Template.BasePath \"/configmap.yaml\") . | sha256sum }}
      labels: {app: shop}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: \"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}\"
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
            - name: HOST
              value: {{ printf \"%s.%s.svc\" (include \"shop.fullname\" .) .Release.Namespace | quote }}
            - name: VERSION
              value: {{ .Capabilities.KubeVersion.Version | quote }}
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          volumeMounts:
            {{- range .Values.extra }}
            - name: {{ .name }}
              mountPath: {{ .path }}
            {{- end }}
      volumes:
        {{- range .Values.extra }}
        - name: {{ .name }}
          emptyDir: {}
        {{- end }}
---
{{- if semverCompare \">=1.21\" .Capabilities.KubeVersion.GitVersion }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: shop}}
{{- end }}
";

#[test]
fn values_keep_the_place_where_they_are_written() {
    let found = drawn(&format!("{CHART}{VALUES}{DEPLOYMENT}"));
    let rollout = "Deployment/shop#rollout";
    assert_eq!(found.told(rollout, "replicas"), "2@chart/values.yaml:1");
    assert_eq!(found.told(rollout, "memory limit"), "1Gi@chart/values.yaml:7");
    assert_eq!(found.item(rollout).sites[0].place.line, 9, "the line of the template");
    let environment = "Deployment/shop#shop/environment";
    assert_eq!(found.told(environment, "LOG"), "info@chart/values.yaml:9");
    assert_eq!(found.told(environment, "PORT"), "8080@chart/values.yaml:10");
    assert_eq!(found.told(environment, "HOST"), "shop.{{ .Release.Namespace }}.svc@chart/templates/deployment.yaml:26");
    assert_eq!(found.told(environment, "VERSION"), "{{ .Capabilities.KubeVersion.Version }}@chart/templates/deployment.yaml:28");
    assert_eq!(found.item("Deployment/shop#volume/cache").summary, "folder that lives as long as the pod, mounted at `/cache`");
    let container = &found.deployed.workloads[0].containers[0];
    assert_eq!(container.image.as_deref(), Some("shop:2.1"));
    assert_eq!(container.mounts.iter().map(|mount| mount.path.as_str()).collect::<Vec<_>>(), ["/cache", "/data"]);
    assert_eq!(found.unevaluated, 1, "one template asks what only a cluster knows");
}

#[test]
fn what_stands_under_an_unknown_condition_is_told_with_it() {
    let found = drawn(&format!("{CHART}{VALUES}{DEPLOYMENT}"));
    assert_eq!(
        found.item("PodDisruptionBudget/shop").summary,
        "at least 1 stay when nodes are drained; conditional, not evaluated: `semverCompare … .Capabilities.KubeVersion.GitVersion`"
    );
}

#[test]
fn a_part_from_elsewhere_is_said_unless_it_is_switched_off() {
    let found = drawn(&format!("{CHART}{VALUES}{DEPLOYMENT}"));
    let part = found.item("chart/Chart.yaml#dependency/postgresql");
    assert_eq!((part.sites[0].place.line, part.services.len()), (5, 1));
    assert_eq!(found.told("chart/Chart.yaml#dependency/postgresql", "version"), "12.x@chart/Chart.yaml:5");
    assert!(!found.items.iter().any(|item| item.id.as_str().contains("redis")));
}

#[test]
fn each_file_of_values_is_an_environment() {
    let found = drawn(&format!(
        "{CHART}{VALUES}{DEPLOYMENT}//- /chart/values-production.yaml\nreplicas: 6\nenv:\n  LOG: warn\nextra: []\n//- /chart/values-example.yaml\nreplicas: 9\n//- /chart/ci/x-values.yaml\nreplicas: 9\n"
    ));
    let rollout = found.item("Deployment/shop#rollout");
    assert!(rollout.summary.ends_with("; in production: 6 replicas"), "{}", rollout.summary);
    let replicas = rollout.facts.iter().find(|fact| fact.key == "replicas").unwrap();
    assert_eq!(replicas.set.len(), 1);
    assert_eq!((replicas.set[0].at.file.as_str(), replicas.set[0].at.line), ("chart/values-production.yaml", 1));
    assert!(found.item("Deployment/shop#volume/cache").summary.ends_with("; not in production"));
    let production = found.deployed.workloads.iter().find(|one| one.environment.as_deref() == Some("production")).unwrap();
    assert_eq!(production.replicas.as_ref().map(|said| &said.value), Some(&Amount::Count(6)));
    let variable = |name: &str| production.containers[0].variable(name).unwrap();
    assert_eq!((variable("LOG").environment.as_deref(), variable("PORT").environment.as_deref()), (Some("production"), None));
}

#[test]
fn charts_within_a_chart_get_its_values() {
    let inner = "//- /chart/charts/worker/Chart.yaml
name: worker
//- /chart/charts/worker/values.yaml
replicas: 1
image: shop
//- /chart/charts/worker/templates/worker.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers: [{name: worker, image: '{{ .Values.image }}', env: [{name: REGION, value: {{ .Values.global.region }}}]}]
";
    let values = |text: &str| format!("{VALUES}{text}");
    let found = drawn(&format!("{CHART}{}{DEPLOYMENT}{inner}", values("worker: {replicas: 4}\nglobal: {region: eu}\n")));
    assert_eq!(found.told("Deployment/worker#rollout", "replicas"), "4@chart/values.yaml:15");
    assert_eq!(found.told("Deployment/worker#worker/environment", "REGION"), "eu@chart/values.yaml:16");
    let off = CHART.replace("redis.enabled}", "redis.enabled}\n  - {name: worker, condition: worker.enabled}");
    let found = drawn(&format!("{off}{}{DEPLOYMENT}{inner}", values("worker: {enabled: false}\n")));
    assert!(!found.items.iter().any(|item| item.id.as_str().contains("worker")));
}

#[test]
fn hostile_templates_end() {
    let bomb = "//- /chart/templates/_x.tpl
{{- define \"a\" }}{{ include \"a\" . }}{{ include \"a\" . }}{{ end }}
{{- define \"b\" }}{{ range until 1000 }}{{ range until 1000 }}{{ range until 1000 }}x{{ end }}{{ end }}{{ end }}{{ end }}
{{- define \"c\" }}{{ tpl \"{{ tpl . . }}\" \"{{ tpl . . }}\" }}{{ end }}
//- /chart/templates/bomb.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data:
  a: {{ include \"a\" . }}
  b: {{ include \"b\" . }}
  c: {{ include \"c\" . }}
  d: {{ repeat 99 (repeat 99 (repeat 99 (repeat 99 \"x\"))) }}
  e: {{ index .Values.x 18446744073709551615 }}
  f: {{ div 1 0 }}{{ mul 9223372036854775807 2 }}{{ printf \"%\" }}
";
    let found = drawn(&format!("{CHART}{VALUES}{bomb}"));
    assert!(found.unevaluated >= 1);
}
