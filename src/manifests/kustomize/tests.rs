//! Bases and overlays as one item with the values of each environment, through all of the reader.

use crate::manifests::deployed::Amount;
use crate::manifests::fixture::drawn;

const BASE: &str = "//- /k8s/base/kustomization.yaml
resources: [shop.yaml]
configMapGenerator:
  - name: shop
    literals: [SIZE=10, MODE=fast]
images:
  - {name: shop, newTag: '1.2'}
//- /k8s/base/shop.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: shop
          image: shop
          envFrom: [{configMapRef: {name: shop}}]
          env: [{name: LOG, value: info}]
          volumeMounts: [{name: scratch, mountPath: /scratch}]
      volumes: [{name: scratch, emptyDir: {}}]
";

#[test]
fn an_overlay_is_told_within_the_item_of_its_base() {
    let found = drawn(&format!(
        "{BASE}//- /k8s/overlays/production/kustomization.yaml
resources: [../../base]
namePrefix: prod-
namespace: shop-prod
replicas:
  - {{name: shop, count: 5}}
configMapGenerator:
  - name: shop
    behavior: merge
    literals: [SIZE=50]
patches:
  - path: memory.yaml
  - target: {{kind: Deployment, name: shop}}
    patch: |
      - op: add
        path: /spec/template/spec/containers/0/env/-
        value: {{name: EXTRA, value: yes}}
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {{name: shop}}
      spec: {{strategy: {{rollingUpdate: {{maxSurge: 1}}}}}}
//- /k8s/overlays/production/memory.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop}}
spec:
  template:
    spec:
      containers:
        - name: shop
          resources: {{limits: {{memory: 1Gi}}}}
          volumeMounts: [{{$patch: delete, mountPath: /scratch}}]
      volumes: [{{name: scratch, $patch: delete}}]
"
    ));
    assert_eq!(found.unevaluated, 0);
    assert_eq!(
        found.summary("Deployment/shop#rollout"),
        "2 replicas, replaced with up to 25% more and 25% fewer at a time; in production: 5 replicas, replaced with up to 1 more and 25% fewer at a time"
    );
    assert_eq!(
        found.varied("Deployment/shop#rollout", "replicas"),
        ["2@k8s/base/shop.yaml:5", "production=5@k8s/overlays/production/kustomization.yaml:5"]
    );
    assert_eq!(
        found.varied("Deployment/shop#rollout", "max surge"),
        ["1@k8s/overlays/production/kustomization.yaml:21", "production=1@k8s/overlays/production/kustomization.yaml:21"]
    );
    assert_eq!(
        found.varied("Deployment/shop#rollout", "memory limit"),
        ["1Gi@k8s/overlays/production/memory.yaml:9", "production=1Gi@k8s/overlays/production/memory.yaml:9"]
    );
    assert_eq!(
        found.varied("Deployment/shop#rollout", "name in the cluster")[1],
        "production=prod-shop@k8s/overlays/production/kustomization.yaml:2"
    );
    assert_eq!(
        found.varied("Deployment/shop#rollout", "namespace")[1],
        "production=shop-prod@k8s/overlays/production/kustomization.yaml:3"
    );
    assert_eq!(
        found.varied("ConfigMap/shop", "SIZE"),
        ["10@k8s/base/kustomization.yaml:4", "production=50@k8s/overlays/production/kustomization.yaml:9"]
    );
    assert!(found.summary("Deployment/shop#volume/scratch").ends_with("; not in production"));
    assert_eq!(
        found.varied("Deployment/shop#shop/environment", "EXTRA")[1],
        "production=yes@k8s/overlays/production/kustomization.yaml:16"
    );

    let [base, production] = found.deployed.workloads.as_slice() else { panic!("{:?}", found.deployed) };
    assert!(base.is_base && base.environment.is_none() && !production.is_base);
    assert_eq!(production.environment.as_deref(), Some("production"));
    let replicas = production.replicas.as_ref().unwrap();
    assert_eq!((&replicas.value, replicas.environment.as_deref()), (&Amount::Count(5), Some("production")));
    let of = |name: &str| {
        let variable = production.containers[0].variable(name).unwrap();
        (variable.value.clone().unwrap().to_string(), variable.at.file.to_string(), variable.environment.clone())
    };
    assert_eq!(of("LOG"), ("info".to_owned(), "k8s/base/shop.yaml".to_owned(), None));
    assert_eq!(of("SIZE"), ("50".to_owned(), "k8s/overlays/production/kustomization.yaml".to_owned(), Some("production".into())));
    assert_eq!(of("MODE").0, "fast");
    assert_eq!(production.containers[0].image.as_deref(), Some("shop:1.2"));
    assert!(production.containers[0].mounts.is_empty());
}

#[test]
fn a_file_in_a_generated_config_map_is_told_by_its_path() {
    let found = drawn(
        &format!("{BASE}//- /k8s/base/unused.txt\nx\n").replace("literals: [SIZE=10, MODE=fast]", "files: [conf/app.toml, other=x.json]"),
    );
    assert_eq!(found.told("ConfigMap/shop", "app.toml"), "the file conf/app.toml@k8s/base/kustomization.yaml:4");
    assert_eq!(found.told("ConfigMap/shop", "other"), "the file x.json@k8s/base/kustomization.yaml:4");
}

#[test]
fn folders_side_by_side_that_make_the_same_workload_are_environments() {
    let one = |name: &str, replicas: u32| {
        format!(
            "//- /k8s/{name}/kustomization.yaml\nresources: [shop.yaml]\n//- /k8s/{name}/shop.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop}}\nspec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: shop, image: shop}}]}}}}}}\n"
        )
    };
    let found = drawn(&format!("{}{}", one("eu", 3), one("us", 4)));
    assert_eq!(
        found.summary("Deployment/shop#rollout"),
        "in eu: 3 replicas, replaced with up to 25% more and 25% fewer at a time; in us: 4 replicas"
    );
    assert_eq!(found.deployed.workloads.len(), 2);
}

#[test]
fn a_kustomization_that_only_gathers_is_no_environment() {
    let found = drawn(&format!("{BASE}//- /k8s/kustomization.yaml\nresources: [base]\nreplicas: [{{name: shop, count: 4}}]\n"));
    assert_eq!(found.summary("Deployment/shop#rollout"), "4 replicas, replaced with up to 25% more and 25% fewer at a time");
    assert_eq!((found.deployed.workloads.len(), found.deployed.workloads[0].environment.as_deref()), (1, None));
}

#[test]
fn instances_with_names_of_their_own_are_workloads_of_their_own() {
    let found = drawn(&format!(
        "{BASE}//- /k8s/fast/kustomization.yaml\nresources: [../base]\nnameSuffix: -fast\nreplicas: [{{name: shop-fast, count: 3}}, {{name: shop, count: 3}}]\n//- /k8s/slow/kustomization.yaml\nresources: [../base]\nnameSuffix: -slow\n//- /k8s/overlays/production/kustomization.yaml\nresources: [../../fast, ../../slow]\n"
    ));
    let owners: Vec<_> = found.deployed.workloads.iter().map(|one| (one.owner.as_str(), one.environment.as_deref())).collect();
    assert_eq!(
        owners,
        [
            ("Deployment/shop-fast", None),
            ("Deployment/shop-fast", Some("production")),
            ("Deployment/shop-slow", None),
            ("Deployment/shop-slow", Some("production")),
        ]
    );
    // What they refer to is renamed with them.
    let of = |at: usize| found.deployed.workloads[at].containers[0].variable("SIZE").unwrap().source.clone();
    assert_eq!((of(0), of(2)), ("ConfigMap/shop-fast".to_owned(), "ConfigMap/shop-slow".to_owned()));
    assert!(found.summary("ConfigMap/shop-fast").contains("set as environment in Deployment shop-fast"));
}

#[test]
fn folders_named_like_environments_need_no_kustomization() {
    let shop = |replicas: u32| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop}}\nspec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: shop, image: shop}}]}}}}}}\n"
        )
    };
    let found = drawn(&format!(
        "//- /k8s/base/shop.yaml\n{}//- /k8s/production/part.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop}}\nspec: {{replicas: 9}}\n//- /k8s/staging/shop.yaml\n{}",
        shop(2),
        shop(1)
    ));
    assert_eq!(
        found.summary("Deployment/shop#rollout"),
        "2 replicas, replaced with up to 25% more and 25% fewer at a time; in production: 9 replicas; in staging: one replica"
    );
    let environments: Vec<_> = found.deployed.workloads.iter().map(|one| (one.environment.as_deref(), one.containers.len())).collect();
    assert_eq!(environments, [(None, 1), (Some("production"), 1), (Some("staging"), 1)]);
    // One folder only, or other workloads in it: its name says nothing.
    let found = drawn(&format!("//- /k8s/production/shop.yaml\n{}", shop(2)));
    assert_eq!(found.deployed.workloads[0].environment, None);
}

#[test]
fn what_an_overlay_takes_away_or_adds_is_said() {
    let found = drawn(&format!(
        "{BASE}//- /k8s/overlays/staging/kustomization.yaml\nresources: [../../base, claim.yaml]\npatchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {{name: shop}}\n  $patch: delete\n//- /k8s/overlays/staging/claim.yaml\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: shop}}\nspec: {{resources: {{requests: {{storage: 1Gi}}}}}}\n"
    ));
    assert!(found.summary("ConfigMap/shop").ends_with("; not in staging"), "{}", found.summary("ConfigMap/shop"));
}

#[test]
fn what_comes_from_elsewhere_or_does_not_fit_is_counted() {
    let found = drawn(&format!(
        "{BASE}//- /k8s/overlays/a/kustomization.yaml
resources: [../../base, https://example.com/x, ../missing.yaml]
helmCharts: [{{name: x}}]
patches:
  - path: none.yaml
  - target: {{kind: Service, name: other}}
    patch: '[{{op: remove, path: /spec}}]'
  - target: {{kind: Deployment}}
    patch: '[{{op: remove, path: /spec/nothing}}]'
"
    ));
    assert_eq!(found.unevaluated, 6);
}

#[test]
fn kustomizations_that_stand_on_themselves_end() {
    let found = drawn(
        "//- /a/kustomization.yaml\nresources: [../b, .]\n//- /b/kustomization.yaml\nresources: [../a, ../a/x.yaml]\ncomponents: [../b]\n//- /a/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n",
    );
    assert!(found.items.len() <= 1);
    let mut components = "//- /a/kustomization.yaml\nresources: [x.yaml]\ncomponents: [../c0, ../c0, ../c0]\n".to_owned();
    for at in 0..15 {
        components.push_str(&format!(
            "//- /c{at}/kustomization.yaml\nkind: Component\ncomponents: [../c{}, ../c{}, ../c{}]\n",
            at + 1,
            at + 1,
            at + 1
        ));
    }
    drawn(&components);
    let mut many = String::new();
    for at in 0..40 {
        many.push_str(&format!(
            "//- /k{at}/kustomization.yaml\nresources: [../k{}, ../k{}, ../k{}]\ncomponents: [../k{}]\n",
            at + 1,
            at + 1,
            at + 1,
            at + 1
        ));
    }
    many.push_str(
        "//- /k40/kustomization.yaml\nresources: [x.yaml]\n//- /k40/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n",
    );
    drawn(&many);
}
