package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/dynamic"
)

// everyRule makes the live tests take every single rule away; it takes minutes. Without it they take a sample.
var everyRule = os.Getenv("FITOUT_EVERY_RULE") != ""

// TestLeastPrivilege runs the command as a ServiceAccount with the rights that fitout rbac prints: they suffice, and with
// any one rule less they do not.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor string
		flags []string
	}{
		{"1.36", []string{"--cni", "flannel", "--ingress", "traefik"}}, // a namespace and definitions of its own
		{"1.18", []string{"--cni", "cilium", "--ingress", "nginx"}},    // Roles, and creation by POST
	} {
		t.Run(c.minor, func(t *testing.T) {
			t.Parallel()
			b := bedtest.Start(t, bed.Options{Minor: c.minor, Nodes: 3, ProviderIDPrefix: "scaleway://instance/fr-par-1/"})
			g := newGuard(t, b, c.flags)
			g.create(kubeadmConfig)

			up := g.grant("up", "rbac")
			up.good()
			up.diagnosed()
			up.missed()
			up.good()
			up.kept()

			check := g.grant("check", "rbac", "--check")
			check.good()
			check.diagnosed()
			check.missed()
			check.verb = "apply"
			g.spoil("kube-system", rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"daemonsets"}, ResourceNames: []string{"kube-proxy"}})
			if out, code := check.run(); code == 0 || !strings.Contains(out, "orbidden") {
				t.Errorf("who may only check applied something; exit code %d:\n%s", code, out)
			}
		})
	}
}

// kubeadmConfig makes the cluster say more of itself.
const kubeadmConfig = `
apiVersion: v1
kind: ConfigMap
metadata: {name: kubeadm-config, namespace: kube-system}
data: {ClusterConfiguration: "networking: {dnsDomain: example.local}"}
`

// missed takes rules away, one at a time, and wants that to be noticed: a fact is not found, or the run fails.
func (a *account) missed() {
	seen := map[string]bool{}
	for _, role := range a.roles {
		for i, rule := range role.rules(a.T) {
			if needs, idle := idleRule(rule, a.verb); idle {
				a.Logf("not taken away: %s (%s)", describeRule(role, rule), needs)
				continue
			}
			if a.verb == "up" && !everyRule && !sampled(rule, seen) {
				continue
			}
			a.Run(describeRule(role, rule), func(t *testing.T) {
				inner := a.in(t)
				if a.verb == "up" {
					inner.prepare(role, rule)
				}
				full := inner.facts()
				defer inner.without(role, i)()
				if less := cmp.Diff(full, inner.facts()); less != "" {
					t.Logf("facts are missed:\n%s", less)
					return
				}
				out, code := inner.run()
				if slices.Contains(rule.Resources, "secrets") && code == 0 && strings.Contains(out, notKept) {
					return
				}
				if code == 0 || !strings.Contains(out, "orbidden") {
					t.Errorf("nothing was missed; exit code %d:\n%s", code, out)
				} else {
					t.Log(out[max(0, len(out)-300):])
				}
			})
		}
	}
}

// prepare brings the cluster into a state in which the next run needs a rule. Where it does not let create, or where what it
// is about is not wiped, there must be something to change.
func (a *account) prepare(role grantedRole, r rbacv1.PolicyRule) {
	a.wipe(a.facts())
	if slices.Contains(r.Resources, "secrets") {
		a.forget()
	}
	stays := slices.Contains(r.Resources, "namespaces") || slices.Contains(r.Resources, "customresourcedefinitions")
	switch creates := slices.Contains(r.Verbs, "create"); {
	case !slices.Contains(r.Verbs, "patch") || creates && !stays:
	case slices.Contains(r.Resources, "leases"):
		a.create("{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: fitout, namespace: kube-system}}") // of nobody
	default:
		a.good()
		a.spoil(role.GetNamespace(), r)
	}
}

// notKept is what a run says that may not keep what it has applied.
const notKept = "is not kept for fitout rollback"

// kept wants a run to keep what it has applied.
func (a *account) kept() {
	a.Helper()
	a.forget()
	a.wipe(a.facts())
	if out, code := a.run(); code != 0 || strings.Contains(out, notKept) {
		a.Errorf("exit code %d:\n%s", code, out)
	}
	kept := 0
	for _, slot := range inventory.Slots {
		if _, err := a.secrets().Get(a.Context(), slot, metav1.GetOptions{}); err == nil {
			kept++
		}
	}
	if kept != 1 {
		a.Errorf("%d renderings are kept", kept)
	}
}

// forget deletes what runs before have kept.
func (a *account) forget() {
	a.Helper()
	for _, slot := range inventory.Slots {
		if err := a.secrets().Delete(a.Context(), slot, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			a.Fatal(err)
		}
	}
}

func (a *account) secrets() dynamic.ResourceInterface {
	return a.admin.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace("kube-system")
}

// in is the account in a test within the test.
func (a *account) in(t *testing.T) *account {
	inner, g := *a, *a.guard
	g.T, inner.guard = t, &g
	return &inner
}

// idleRule tells the rules that a verb does not use unless it is in trouble, and when.
func idleRule(r rbacv1.PolicyRule, verb string) (needs string, idle bool) {
	switch {
	case slices.Contains(r.Resources, "pods/log"):
		return "the cause where a pod does not become ready", true
	case slices.Contains(r.Resources, "mutatingwebhookconfigurations"):
		return "the cause where a pod cannot be created", true
	case slices.Contains(r.Resources, "pods/portforward"):
		return "DNS pods that run", true
	case verb != "check" && slices.Contains(r.APIGroups, "metrics.k8s.io"):
		return "fitout check", true
	}
	return "", false
}

// diagnosed wants what a run in trouble asks of the cluster to be answered, in full.
func (a *account) diagnosed() {
	a.Helper()
	client, err := a.connect()
	if err != nil {
		a.Fatal(err)
	}
	name := "asked-by-" + a.verb
	a.create("{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: " + name + "}}")
	e := client.Diagnose(a.Context(), observed.EvidenceRequest{Events: []string{"kube-system"}, Webhooks: true})
	found := slices.ContainsFunc(e.Webhooks, func(o *manifest.Object) bool {
		return o.GetKind() == "MutatingWebhookConfiguration" && o.GetName() == name
	})
	if len(e.Unavailable) > 0 || !found {
		a.Errorf("%s is not told why something is unmet: %q, %d webhooks", a.verb, e.Unavailable, len(e.Webhooks))
	}
}

// sampled picks two rules of different sorts; seen has those that were.
func sampled(r rbacv1.PolicyRule, seen map[string]bool) bool {
	sort := ""
	switch {
	case slices.Contains(r.Verbs, "escalate"):
		sort = "escalate"
	case slices.Contains(r.Resources, "daemonsets") && len(r.ResourceNames) > 1:
		sort = "change"
	}
	again := sort == "" || seen[sort]
	seen[sort] = true
	return !again
}

// facts are what the account finds out of the cluster; nothing where it may not look at the nodes.
func (a *account) facts() clusterfile.Facts {
	a.Helper()
	client, err := a.connect()
	if err != nil {
		a.Fatal(err)
	}
	facts, err := client.Facts(a.Context())
	if err != nil && !apierrors.IsForbidden(err) {
		a.Fatal(err)
	}
	return facts
}

// run runs the command as the account.
func (a *account) run() (output string, code int) {
	args := append([]string{a.verb, "--kubeconfig", a.kubeconfig}, a.flags...)
	if a.verb != "check" {
		args = append(args, "--timeout", "60s", "--conflicts", "take-over")
	}
	return command(a.T, args...)
}

// good runs the command and wants it to end well.
func (a *account) good() {
	a.Helper()
	if out, code := a.run(); code != 0 || !strings.Contains(out, "\ngood: ") {
		a.Fatalf("exit code %d:\n%s", code, out)
	}
}

// command runs the command in this process and returns its output, both streams together.
func command(t *testing.T, args ...string) (output string, code int) {
	t.Helper()
	var out bytes.Buffer
	root := rootCommand(genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &out})
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	if err != nil {
		out.WriteString(err.Error())
	}
	return out.String(), exitCode(err)
}
