//! Tasks and functions of AWS through all of the reader.

use super::super::deployed::MountKind;
use super::super::fixture::drawn;

const TASK: &str = r#"{
  "family": "shop",
  "memory": "2048",
  "ephemeralStorage": { "sizeInGiB": 50 },
  "containerDefinitions": [
    {
      "name": "shop",
      "image": "1.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
      "environment": [
        { "name": "LOG", "value": "info" },
        { "name": "ADMIN_PASSWORD", "value": "hunter2" }
      ],
      "secrets": [{ "name": "DATABASE_URL", "valueFrom": "arn:aws:ssm:eu:1:parameter/shop/url" }],
      "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data" }, { "sourceVolume": "tmp", "containerPath": "/tmp" }],
      "readonlyRootFilesystem": true,
      "stopTimeout": 60,
      "healthCheck": { "command": ["CMD-SHELL", "curl -u a:hunter2 http://localhost/health"], "interval": 30 }
    },
    { "name": "xray", "image": "amazon/aws-xray-daemon" }
  ],
  "volumes": [{ "name": "data", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }, { "name": "tmp" }]
}"#;

#[test]
fn a_task_definition_is_read() {
    let found = drawn(&format!("//- /ecs/task-definition.json\n{TASK}\n//- /web/tasks.json\n{{\"containerDefinitions\": 1}}\n"));
    let id = |what: &str| format!("TaskDefinition/shop#{what}");
    assert_eq!(found.told(&id("task"), "local disk in GiB"), "50@ecs/task-definition.json:4");
    assert_eq!(found.told(&id("shop/environment"), "LOG"), "info@ecs/task-definition.json:10");
    assert_eq!(found.summary(&id("shop/credentials")), "credentials written in the file for `shop`: `ADMIN_PASSWORD`");
    assert_eq!(found.told(&id("shop/secrets"), "DATABASE_URL"), "from parameter/shop/url@ecs/task-definition.json:13");
    assert_eq!(found.summary(&id("volume/data")), "shared file system, mounted at `/data`");
    assert_eq!(found.summary(&id("volume/tmp")), "folder that lives as long as the task, mounted at `/tmp`");
    assert_eq!(found.summary(&id("shop/stop")), "seconds to stop: 60, root file system read-only: true");
    assert_eq!(found.summary(&id("sidecar/xray")), "container beside the service, image `amazon/aws-xray-daemon`; the task ends with it");
    let container = &found.deployed.workloads[0].containers[0];
    assert_eq!(container.mount_of("/data/x").map(|mount| mount.kind), Some(MountKind::Shared));
    assert!(container.variable("DATABASE_URL").is_some_and(|one| one.hidden));
    assert!(!format!("{:?}{:?}", found.items, found.deployed).contains("hunter2"));
}

#[test]
fn templates_of_sam_and_cloudformation_are_read() {
    let found = drawn(
        "//- /template.yaml
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Timeout: 30
    Environment: {Variables: {LOG: info, TABLE: !Ref Table}}
Resources:
  ShopFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/shop/
      EphemeralStorage: {Size: 2048}
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 5}
      Environment: {Variables: {API_TOKEN: hunter2hunter2}}
      Events: {Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}, Web: {Type: HttpApi}}
  Other:
    Type: AWS::Lambda::Function
    Properties: {Handler: index.handler}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Family: shop-task, ContainerDefinitions: [{Name: web, Image: shop}]}
  Service:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Task, DesiredCount: 3, DeploymentConfiguration: {MaximumPercent: 150}}
",
    );
    assert_eq!(
        found.summary("Function/ShopFunction#function"),
        "function; what an instance holds in memory and in its `/tmp` of 2048 MB stays for its next calls, 5 instances kept ready"
    );
    assert_eq!(found.told("Function/ShopFunction#function", "longest call in seconds"), "30@template.yaml:5");
    assert_eq!(found.told("Function/ShopFunction#environment", "TABLE"), "!Ref Table@template.yaml:6");
    assert_eq!(found.summary("Function/ShopFunction#schedule"), "called by the clock, `rate(1 day)`");
    assert_eq!(found.summary("Service/Service#rollout"), "3 tasks, replaced with up to 150 % and at least 100 % of them running");
    assert!(found.ids().contains(&"TaskDefinition/shop-task#task"));
    assert!(!found.ids().iter().any(|id| id.contains("Other")));
    assert!(!format!("{:?}{:?}", found.items, found.deployed).contains("hunter2"));
}

#[test]
fn functions_of_the_serverless_framework_are_read() {
    let found = drawn(
        "//- /serverless.yml
service: shop
provider: {name: aws, memorySize: 256, environment: {LOG: info}}
functions:
  api: {handler: shop, ephemeralStorageSize: 1024, events: [{schedule: cron(0 3 * * ? *)}, {httpApi: '*'}]}
  other: {handler: main.handler}
",
    );
    assert_eq!(found.told("Function/api#function", "/tmp in MB"), "1024@serverless.yml:4");
    assert_eq!(found.told("Function/api#function", "memory in MB"), "256@serverless.yml:2");
    assert_eq!(found.summary("Function/api#schedule"), "called by the clock, `cron(0 3 * * ? *)`");
    assert!(!found.ids().iter().any(|id| id.contains("other")));
}
