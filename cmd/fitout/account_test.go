package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// guard is the administrator of a bed, who gives accounts rights.
type guard struct {
	*testing.T
	bed   *bed.Bed
	flags []string // that describe the cluster
	admin dynamic.Interface
	kinds manifest.Kinds
}

func newGuard(t *testing.T, b *bed.Bed, flags []string) *guard {
	t.Helper()
	admin, err := dynamic.NewForConfig(restConfigOf(b))
	if err != nil {
		t.Fatal(err)
	}
	return &guard{T: t, bed: b, flags: flags, admin: admin, kinds: manifest.KindsOf(nil)}
}

// resource is where an object stands.
func (g *guard) resource(o *manifest.Object) dynamic.ResourceInterface {
	g.Helper()
	gvr, _, err := g.kinds.Of(o)
	if err != nil {
		g.Fatal(err)
	}
	return g.admin.Resource(gvr).Namespace(o.GetNamespace())
}

func (g *guard) create(text string) []*manifest.Object {
	g.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		g.Fatal(err)
	}
	for _, o := range objects {
		_, err := g.resource(o).Create(g.Context(), o, metav1.CreateOptions{})
		if err != nil && o.GetKind() != "Namespace" { // two accounts need the same ones
			g.Fatalf("%s: %v", manifest.IDOf(o), err)
		}
	}
	return objects
}

// spoil changes the objects that a rule is about, as somebody else.
func (g *guard) spoil(namespace string, r rbacv1.PolicyRule) {
	g.Helper()
	body := []byte(`{"metadata": {"labels": {"fitout.dev/version": "spoiled"}}}`)
	at := g.admin.Resource(schema.GroupVersionResource{Group: r.APIGroups[0], Version: "v1", Resource: r.Resources[0]}).Namespace(namespace)
	for _, name := range r.ResourceNames {
		if _, err := at.Patch(g.Context(), name, types.MergePatchType, body, metav1.PatchOptions{}); err != nil {
			g.Fatal(err)
		}
	}
}

// account is a ServiceAccount with the rights for a verb.
type account struct {
	*guard
	verb       string
	name       string
	kubeconfig string
	roles      []grantedRole
}

// A grantedRole is a Role or ClusterRole as it was printed.
type grantedRole struct{ *manifest.Object }

// grant creates what the command prints, and waits until it is in force.
func (g *guard) grant(verb string, printed ...string) *account {
	g.Helper()
	minor := []string{"--kubernetes", g.bed.Version()}
	text, code := command(g.T, append(append(printed, minor...), g.flags...)...)
	if code != 0 {
		g.Fatalf("exit code %d:\n%s", code, text)
	}
	a := &account{guard: g, verb: verb}
	for _, o := range g.create(text[strings.Index(text, "---"):]) {
		switch o.GetKind() {
		case "ServiceAccount":
			a.name = o.GetName()
		case "Role", "ClusterRole":
			a.roles = append(a.roles, grantedRole{o})
		}
	}
	a.kubeconfig = a.login()
	for _, role := range a.roles {
		for _, rule := range role.rules(g.T) {
			a.await(role, rule, true)
		}
	}
	return a
}

// login writes a kubeconfig with a token of the account, and with nothing of the administrator's.
func (a *account) login() string {
	a.Helper()
	config, err := clientcmd.LoadFromFile(a.bed.Kubeconfig())
	if err != nil {
		a.Fatal(err)
	}
	for name := range config.AuthInfos {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: a.token()}
	}
	path := filepath.Join(a.TempDir(), a.name)
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		a.Fatal(err)
	}
	return path
}

func (a *account) token() string {
	a.Helper()
	if !cluster.AppliesServerSide(a.bed.Version()) {
		return a.tokenSecret()
	}
	request := &manifest.Object{Object: map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": map[string]any{"name": a.name}}}
	accounts := a.admin.Resource(schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}).Namespace("kube-system")
	answer, err := accounts.Create(a.Context(), request, metav1.CreateOptions{}, "token")
	if err != nil {
		a.Fatal(err)
	}
	token, _, _ := unstructured.NestedString(answer.Object, "status", "token")
	return token
}

// tokenSecret is how old servers give an account a token.
func (a *account) tokenSecret() string {
	a.Helper()
	secrets := a.admin.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace("kube-system")
	for range 100 {
		all, err := secrets.List(a.Context(), metav1.ListOptions{})
		if err != nil {
			a.Fatal(err)
		}
		for _, s := range all.Items {
			encoded, _, _ := unstructured.NestedString(s.Object, "data", "token")
			if token, err := base64.StdEncoding.DecodeString(encoded); err == nil && s.GetAnnotations()["kubernetes.io/service-account.name"] == a.name && len(token) > 0 {
				return string(token)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	a.Fatal("no token after 10 s")
	return ""
}

func (a *account) connect() (*cluster.Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", a.kubeconfig)
	if err != nil {
		return nil, err
	}
	return cluster.New(a.Context(), config, cluster.Options{})
}

func (r grantedRole) rules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	var role rbacv1.ClusterRole
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(r.Object.Object, &role); err != nil {
		t.Fatal(err)
	}
	return role.Rules
}

func describeRule(role grantedRole, r rbacv1.PolicyRule) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", manifest.IDOf(role.Object), strings.Join(r.Resources, ","), strings.Join(r.ResourceNames, ","), strings.Join(r.Verbs, ",")))
}

// without takes a rule away, waits until it is no longer in force, and returns what gives it back.
func (a *account) without(role grantedRole, i int) (restore func()) {
	a.Helper()
	rules, _, _ := unstructured.NestedSlice(role.Object.Object, "rules")
	less := role.DeepCopy()
	less.Object["rules"] = append(append([]any{}, rules[:i]...), rules[i+1:]...)
	rule := role.rules(a.T)[i]
	a.put(less)
	a.await(role, rule, false)
	return func() {
		a.put(role.Object)
		a.await(role, rule, true)
	}
}

func (a *account) put(role *manifest.Object) {
	a.Helper()
	role = role.DeepCopy()
	role.SetResourceVersion("")
	if _, err := a.resource(role).Update(context.WithoutCancel(a.Context()), role, metav1.UpdateOptions{}); err != nil {
		a.Fatal(err)
	}
}

// await waits until the API server allows what a rule allows, or no longer does.
func (a *account) await(role grantedRole, r rbacv1.PolicyRule, want bool) {
	a.Helper()
	resource, subresource, _ := strings.Cut(r.Resources[0], "/")
	attributes := map[string]any{"namespace": role.GetNamespace(), "group": r.APIGroups[0], "resource": resource, "subresource": subresource, "verb": r.Verbs[0]}
	if len(r.ResourceNames) > 0 {
		attributes["name"] = r.ResourceNames[0]
	}
	review := &manifest.Object{Object: map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
		"spec": map[string]any{"user": "system:serviceaccount:kube-system:" + a.name, "resourceAttributes": attributes},
	}}
	reviews := a.admin.Resource(schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "subjectaccessreviews"})
	for range 100 {
		answer, err := reviews.Create(context.WithoutCancel(a.Context()), review, metav1.CreateOptions{})
		if err != nil {
			a.Fatal(err)
		}
		if allowed, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed"); allowed == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	a.Fatalf("%s: allowed is not %v after 5 s", describeRule(role, r), want)
}

// wipe takes away what runs before applied, so that the next one has everything to do.
func (a *account) wipe(facts clusterfile.Facts) {
	a.Helper()
	catalogue, err := (&catalogueFlag{}).load()
	if err != nil {
		a.Fatal(err)
	}
	file := clusterfile.File{}
	for i := 0; i < len(a.flags); i += 2 {
		if err := file.Set(a.flags[i], strings.TrimPrefix(a.flags[i], "--"), a.flags[i+1]); err != nil {
			a.Fatal(err)
		}
	}
	plan, err := fitout.Prepare(catalogue, file, &facts, nil)
	if err != nil {
		a.Fatal(err)
	}
	config := restConfigOf(a.bed)
	client, err := cluster.New(a.Context(), config, cluster.Options{})
	if err != nil {
		a.Fatal(err)
	}
	wipe(a.T, rest.CopyConfig(config), client, plan)
}
