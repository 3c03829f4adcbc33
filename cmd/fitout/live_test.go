package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/wave"
	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiversion "k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// minors are the Kubernetes versions that the live tests run on. The default is one with server-side apply, one without.
var minors = flag.String("minors", "1.36,1.18", "comma-separated Kubernetes minors for the live tests")

// TestLive runs the command on real API servers with simulated nodes: first every combination is given to the server
// without being persisted, then the scripts run, before and after nodes have joined.
func TestLive(t *testing.T) {
	t.Parallel()
	for _, minor := range strings.Split(*minors, ",") {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			b := bedtest.Start(t, bed.Options{Minor: minor, ProviderIDPrefix: "scaleway://instance/fr-par-1/"})
			t.Run("combinations", func(t *testing.T) { acceptsCombinations(t, b) })
			t.Run("without nodes", func(t *testing.T) { runScripts(t, b, "../../testdata/script/live-empty") })
			if err := b.AddNodes(t.Context(), 3); err != nil {
				t.Fatal(err)
			}
			if *applyAll {
				t.Run("every combination", func(t *testing.T) { appliesCombinations(t, b) })
			}
			t.Run("with nodes", func(t *testing.T) { runScripts(t, b, "../../testdata/script/live") })
		})
	}
}

func runScripts(t *testing.T, b *bed.Bed, dir string) {
	params := scripts(dir)
	params.Setup = func(env *testscript.Env) error {
		env.Setenv("KUBECONFIG", b.Kubeconfig())
		env.Setenv("MINOR", b.Minor())
		env.Setenv("VERSION", b.Version())
		return setCatalogue(env)
	}
	params.Condition = func(name string) (bool, error) { return condition(name, b.Minor()) }
	params.Cmds["create"] = func(ts *testscript.TestScript, neg bool, args []string) { create(ts, restConfigOf(b), neg, args) }
	params.Cmds["append"] = func(ts *testscript.TestScript, neg bool, args []string) { appendData(ts, restConfigOf(b), neg, args) }
	params.Cmds["holds"] = func(ts *testscript.TestScript, neg bool, args []string) { holds(ts, restConfigOf(b), neg, args) }
	params.Cmds["patch"] = func(ts *testscript.TestScript, neg bool, args []string) { patch(ts, restConfigOf(b), neg, args) }
	testscript.RunT(sequential{t}, params)
}

// condition answers for the conditions of live scripts: [serverside] where the server tracks who owns a field.
func condition(name, minor string) (bool, error) {
	if name != "serverside" {
		return false, fmt.Errorf("the condition of live scripts is [serverside], not [%s]", name)
	}
	return apiversion.MustParseGeneric(minor).AtLeast(apiversion.MustParseGeneric("1.22")), nil
}

// sequential runs scripts one after the other: they share one cluster.
type sequential struct{ *testing.T }

func (sequential) Parallel() {}

func (o sequential) Run(name string, f func(testscript.T)) {
	o.T.Run(name, func(t *testing.T) { f(sequential{t}) })
}

func (o sequential) Verbose() bool { return testing.Verbose() }

// patch is the script command "patch PATH BODY": somebody else's merge patch of the object at an API path.
func patch(ts *testscript.TestScript, config *rest.Config, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: patch PATH BODY")
	}
	config.GroupVersion = &schema.GroupVersion{}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	raw, err := rest.UnversionedRESTClientFor(config)
	ts.Check(err)
	_, err = raw.Patch(types.MergePatchType).AbsPath(args[0]).Body([]byte(args[1])).DoRaw(context.Background())
	ts.Check(err)
}

// appendData is the script command "append NAME KEY FILE": somebody adds the file to the key of a ConfigMap in kube-system.
func appendData(ts *testscript.TestScript, config *rest.Config, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: append NAME KEY FILE")
	}
	clients, err := kubernetes.NewForConfig(config)
	ts.Check(err)
	maps := clients.CoreV1().ConfigMaps("kube-system")
	o, err := maps.Get(context.Background(), args[0], metav1.GetOptions{})
	ts.Check(err)
	o.Data[args[1]] += ts.ReadFile(args[2])
	_, err = maps.Update(context.Background(), o, metav1.UpdateOptions{FieldManager: "kubectl-edit"})
	ts.Check(err)
}

// holds is the script command "holds NAME KEY TEXT": the key of a ConfigMap in kube-system has the text in it.
func holds(ts *testscript.TestScript, config *rest.Config, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: holds NAME KEY TEXT")
	}
	clients, err := kubernetes.NewForConfig(config)
	ts.Check(err)
	o, err := clients.CoreV1().ConfigMaps("kube-system").Get(context.Background(), args[0], metav1.GetOptions{})
	ts.Check(err)
	if !strings.Contains(o.Data[args[1]], args[2]) {
		ts.Fatalf("%s of ConfigMap %s lacks %q:\n%s", args[1], args[0], args[2], o.Data[args[1]])
	}
}

// create is the script command "create MANAGER FILE": objects as another tool creates them.
func create(ts *testscript.TestScript, config *rest.Config, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: create MANAGER FILE")
	}
	objects, err := manifest.Parse(args[1], []byte(ts.ReadFile(args[1])))
	ts.Check(err)
	client, err := dynamic.NewForConfig(config)
	ts.Check(err)
	for _, o := range objects {
		gvr := corev1.SchemeGroupVersion.WithResource("nodes") // of a kind that no addon has
		if o.GetKind() != "Node" {
			gvr, _, err = manifest.KindsOf(nil).Of(o)
			ts.Check(err)
		}
		_, err = client.Resource(gvr).Namespace(o.GetNamespace()).Create(context.Background(), o, metav1.CreateOptions{FieldManager: args[0]})
		ts.Check(err)
	}
}

func restConfigOf(b *bed.Bed) *rest.Config {
	config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
	if err != nil {
		panic(err) // the bed has just written it
	}
	return config
}

// acceptsCombinations gives every object of every combination to the API server as a dry run with strict validation of
// fields. Namespaces and definitions are applied for real: what stands in them is refused without them.
func acceptsCombinations(t *testing.T, b *bed.Bed) {
	catalogue, err := (&catalogueFlag{}).load()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	client, err := cluster.New(ctx, restConfigOf(b), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	combinations := combination.Of(catalogue, b.Minor())
	for _, c := range combinations {
		plan, err := fitout.Prepare(catalogue, c.File, nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		for _, w := range plan.Waves {
			dry := w.Name != wave.Namespaces && w.Name != wave.Definitions
			if _, err := client.Apply(ctx, plan.Kinds, creations(w.Objects), dry); err != nil {
				t.Errorf("%s: wave %s: %v", c.Name(), w.Name, err)
			}
			if !dry {
				waitFor(ctx, t, client, plan.Kinds, w.Objects)
			}
		}
	}
	t.Logf("%d combinations accepted by %s", len(combinations), b.Version())
}

// creations are the changes that apply objects of which nothing is known.
func creations(objects []*manifest.Object) []changeset.Change {
	return changeset.Decide(changeset.Input{Waves: []wave.Wave{{Objects: objects}}}).Changes
}

func waitFor(ctx context.Context, t *testing.T, c *cluster.Client, kinds manifest.Kinds, objects []*manifest.Object) {
	t.Helper()
	for range 100 {
		s, err := c.Observe(ctx, kinds, objects)
		if err != nil {
			t.Fatal(err)
		}
		if check.Overall(check.Gate(objects, s)) == check.Good {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("not ready after 10 s")
}

// A field that the version does not have must be refused, or the test above could not fail. Servers before 1.25 do not
// validate fields; there it is a wrong type that must be refused.
func TestLiveRefuses(t *testing.T) {
	t.Parallel()
	b := bedtest.Start(t, bed.Options{Minor: "1.36"})
	c, err := cluster.New(t.Context(), restConfigOf(b), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\ndta: {a: b}\n"
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Apply(t.Context(), manifest.KindsOf(nil), creations(objects), true)
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("dta")) {
		t.Errorf("an unknown field was not refused: %v", err)
	}
}
