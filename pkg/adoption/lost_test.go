package adoption_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/adoption"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
)

func parsed(t *testing.T, text string) *manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("case", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects[0]
}

const (
	role    = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules:\n"
	service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n}\nspec: "
	secret  = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: n}\ndata: "
	// Nobody knows who set what: neither managed fields nor a record.
	daemonSet = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d, namespace: n}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: "
	defaults  = "dnsPolicy: ClusterFirst, restartPolicy: Always, schedulerName: default-scheduler, securityContext: {}, terminationGracePeriodSeconds: 30, serviceAccount: a, "
	filledIn  = "imagePullPolicy: IfNotPresent, terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File, resources: {}"
)

// What is lost is a setting of somebody: not what the server fills in, not the addon's own names, and no value that is secret.
func TestLostSettings(t *testing.T) {
	for name, test := range map[string]struct{ wanted, live, want string }{
		"rights that go": {
			role + "- {apiGroups: ['', apps], resources: [pods], verbs: [get]}\n- {nonResourceURLs: [/a], verbs: [get]}",
			role + "- {apiGroups: [''], resources: [pods, nodes], verbs: [get, list]}\n- {nonResourceURLs: [/a, /b], verbs: [get]}\n- {apiGroups: [apps], resources: [pods], resourceNames: [x], verbs: [get, patch]}",
			"rules: the right to get /b goes|rules: the right to get, list nodes goes|rules: the right to list pods goes|rules: the right to patch pods.apps x goes",
		},
		"rights in another order": {
			role + "- {apiGroups: [apps], resources: ['*'], verbs: ['*']}\n- {apiGroups: [''], resources: [a, b], verbs: [get]}",
			role + "- {apiGroups: [''], resources: [b], verbs: [get]}\n- {apiGroups: ['', apps], resources: [a], verbs: [get]}", "",
		},
		"defaults": {
			daemonSet + "{serviceAccountName: a, containers: [{name: c}]}}}",
			daemonSet + "{" + defaults + "serviceAccountName: a, containers: [{name: c, " + filledIn + "}]}}, revisionHistoryLimit: 10, updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}}", "",
		},
		"no defaults": {
			daemonSet + "{containers: [{name: c}]}}}",
			daemonSet + "{dnsPolicy: Default, terminationGracePeriodSeconds: 31, hostPID: true, containers: [{name: c, imagePullPolicy: Always, resources: {limits: {cpu: 1}}}]}}, updateStrategy: {rollingUpdate: {maxUnavailable: 25%}}}",
			"spec.template.spec.containers[name=\"c\"].imagePullPolicy is Always, and goes|spec.template.spec.containers[name=\"c\"].resources.limits.cpu is 1, and goes|spec.template.spec.dnsPolicy is Default, and goes|" +
				"spec.template.spec.hostPID is true, and goes|spec.template.spec.terminationGracePeriodSeconds is 31, and goes|spec.updateStrategy.rollingUpdate.maxUnavailable is 25%, and goes",
		},
		"a volume under another name": {
			daemonSet + "{containers: [{name: c, volumeMounts: [{name: config, mountPath: /etc/a}]}], volumes: [{name: config, configMap: {name: m}}, {name: run, hostPath: {path: /run}}]}}}",
			daemonSet + "{containers: [{name: c, volumeMounts: [{name: theirs, mountPath: /etc/a}]}], volumes: [{name: theirs, configMap: {name: m, defaultMode: 420}}]}}}", "",
		},
		"a volume of their own": {
			daemonSet + "{containers: [{name: c, volumeMounts: [{name: config, mountPath: /etc/a}]}], volumes: [{name: config, configMap: {name: m}}]}}}",
			daemonSet + "{containers: [{name: c, volumeMounts: [{name: config, mountPath: /etc/a}, {name: x, mountPath: /x}]}], volumes: [{name: config, configMap: {name: m, optional: true}}, {name: x, configMap: {name: x, defaultMode: 420}}]}}}",
			"spec.template.spec.containers[name=\"c\"].volumeMounts[mountPath=\"/x\"] is {\"mountPath\":\"/x\",\"name\":\"x\"}, and goes|" +
				"spec.template.spec.volumes[name=\"config\"].configMap.optional is true, and goes|spec.template.spec.volumes[name=\"x\"] is {\"configMap\":{\"defaultMode\":420,\"name\":\"x\"},\"name\":\"x\"}, and goes",
		},
		"tolerations and arguments": {
			daemonSet + "{tolerations: [{key: a}], containers: [{name: c, args: [-x, -y]}]}}}",
			daemonSet + "{tolerations: [{key: b, operator: Exists}, {key: a}], containers: [{name: c, args: [-y, -z=1]}]}}}",
			"spec.template.spec.containers[name=\"c\"].args[1] is -z=1, and goes|spec.template.spec.tolerations[0] is {\"key\":\"b\",\"operator\":\"Exists\"}, and goes",
		},
		"every taint is tolerated": {
			daemonSet + "{tolerations: [{operator: Exists}], containers: [{name: c}]}}}",
			daemonSet + "{tolerations: [{key: b, operator: Exists}], containers: [{name: c}]}}}", "",
		},
		"a node selector": {
			daemonSet + "{nodeSelector: {a: b}, containers: [{name: c}]}}}", daemonSet + "{nodeSelector: {a: b, pool: x}, containers: [{name: c}]}}}",
			"spec.template.spec.nodeSelector.pool is x, and goes",
		},
		"environment variables": {
			daemonSet + "{containers: [{name: c, env: [{name: A, value: a}]}]}}}", daemonSet + "{containers: [{name: c, env: [{name: A, value: secret1}, {name: B, value: secret2}]}]}}}",
			"spec.template.spec.containers[name=\"c\"].env[name=\"A\"].value gets another value (both hidden)|spec.template.spec.containers[name=\"c\"].env[name=\"B\"] is (hidden), and goes",
		},
		"a field that the server completes": {
			daemonSet + "{containers: [{name: c, env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]}]}}}",
			daemonSet + "{containers: [{name: c, env: [{name: A, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: spec.nodeName}}}]}]}}}", "",
		},
		"a Secret": {secret + "{a: YQ==}", secret + "{a: Yg==}", "data.a gets another value (both hidden)"},
		"what a Service keeps": {
			service + "{selector: {a: b}, ports: [{port: 53, protocol: UDP, targetPort: dns}]}",
			service + "{type: ClusterIP, sessionAffinity: None, clusterIP: 10.0.0.10, ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, internalTrafficPolicy: Cluster, selector: {a: b}, ports: [{port: 53, protocol: UDP, targetPort: 53}, {port: 9, targetPort: 9}]}",
			"spec.ports[port=9,protocol=\"TCP\"] is {\"port\":9,\"targetPort\":9}, and goes",
		},
	} {
		got := strings.Join(adoption.Lost(nil, parsed(t, test.wanted), parsed(t, test.live)), "|")
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
