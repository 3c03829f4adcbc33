package reliability

import (
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var (
	webhooks    = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"}
	apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
)

// create makes an object that is not of the bundle, past the proxy.
func (s *site) create(gvr schema.GroupVersionResource, namespace, text string) {
	s.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err == nil {
		_, err = s.dynamic.Resource(gvr).Namespace(namespace).Create(s.Context(), objects[0], metav1.CreateOptions{})
	}
	if err != nil {
		s.Fatal(err)
	}
}

// registerWebhook registers a webhook for ConfigMaps in the namespaces of addons that nobody answers at.
func registerWebhook(s *site) {
	s.create(webhooks, "", `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: faulty}
webhooks:
  - name: check.example.org
    failurePolicy: Fail
    sideEffects: None
    admissionReviewVersions: [v1]
    timeoutSeconds: 2
    clientConfig: {url: "https://127.0.0.1:9/"}
    namespaceSelector: {matchExpressions: [{key: fitout.dev/addon, operator: Exists}]}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
`)
}

func repairWebhook(s *site) {
	time.Sleep(8 * time.Second)
	s.gone(s.dynamic.Resource(webhooks).Delete(s.Context(), "faulty", metav1.DeleteOptions{}))
}

// terminate makes the namespace of the run one that is being deleted and held up by a finalizer of an object in it.
func terminate(s *site) {
	s.create(namespaces, "", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+s.namespace()+"}\n")
	s.create(configMaps, s.namespace(), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.org/held]}\n")
	s.gone(s.dynamic.Resource(namespaces).Delete(s.Context(), s.namespace(), metav1.DeleteOptions{}))
}

// release lets what holds the namespace go.
func release(s *site) {
	time.Sleep(8 * time.Second)
	s.letGo()
}

func (s *site) letGo() {
	none := []byte(`{"metadata":{"finalizers":null}}`)
	_, err := s.dynamic.Resource(configMaps).Namespace(s.namespace()).Patch(s.Context(), "held", types.MergePatchType, none, metav1.PatchOptions{})
	s.gone(err)
}

// deadAPIService registers an API that nobody serves: clients that ask for all there is get an error.
func deadAPIService(s *site) {
	s.create(apiServices, "", `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.dead.example.org}
spec: {group: dead.example.org, version: v1, groupPriorityMinimum: 100, versionPriority: 100, service: {name: dead, namespace: kube-system}}
`)
}

// clear undoes what rows do to the cluster, and wipes it.
func (s *site) clear() {
	s.Helper()
	s.gone(s.dynamic.Resource(webhooks).Delete(s.Context(), "faulty", metav1.DeleteOptions{}))
	s.gone(s.dynamic.Resource(apiServices).Delete(s.Context(), "v1.dead.example.org", metav1.DeleteOptions{}))
	s.gone(s.dynamic.Resource(accounts).Namespace("default").Delete(s.Context(), "runner", metav1.DeleteOptions{}))
	s.gone(s.dynamic.Resource(bindings).Delete(s.Context(), "runner", metav1.DeleteOptions{}))
	s.letGo()
	s.wipe()
}
