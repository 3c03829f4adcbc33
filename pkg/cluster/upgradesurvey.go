package cluster

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

const (
	// budgetsFrom is the first minor with policy/v1.
	budgetsFrom = "1.21"
	// deprecatedFrom is the first minor that counts requests for deprecated APIs.
	deprecatedFrom = "1.19"
)

// metricsAnswer is for /metrics of an API server, which has some 5 MB in a large cluster.
var metricsAnswer = allowance{bytes: 64 << 20, text: true}

// maxUses bounds how many different uses of deprecated APIs are told.
const maxUses = 100

// DeletePod deletes a pod, unless another one has its name by now, or it is gone.
func (c *Client) DeletePod(ctx context.Context, pod corev1.Pod) error {
	resource := c.in(core("pods"), true, pod.Namespace)
	err := c.retry(ctx, func() error {
		return resource.Delete(ctx, pod.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &pod.UID}})
	})
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return fmt.Errorf("delete pod %s/%s: %w", pod.Namespace, pod.Name, explain(err))
}

// UpgradeSurvey looks at what an upgrade depends on, beside the objects: nodes, processes of the control plane that run as pods,
// PodDisruptionBudgets, and which deprecated APIs were asked for. What may not be seen is told in the survey.
func (c *Client) UpgradeSurvey(ctx context.Context) (upgrade.Survey, error) {
	s := upgrade.Survey{Server: c.version, Unseen: map[string]string{}}
	budgets := schema.GroupVersionResource{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"}
	if !c.atLeast(budgetsFrom) {
		budgets.Version = "v1beta1"
	}
	found := c.listEach(ctx, []collection{
		{gvr: core("nodes"), lean: true},
		{gvr: core("pods"), namespaced: true, lean: true},
		{gvr: core("pods"), namespaced: true, namespace: render.Namespace, keep: ofNode},
		{gvr: budgets},
	})
	for i, unseen := range []string{upgrade.NodeFacts, upgrade.Room, upgrade.VersionSkew, upgrade.Disruptions} {
		switch err := found[i].err; {
		case apierrors.IsForbidden(err):
			s.Unseen[unseen] = explain(err).Error()
		case err != nil:
			return s, fmt.Errorf("look at what an upgrade depends on: %w", explain(err))
		}
	}
	for _, n := range found[0].nodes {
		info := n.Status.NodeInfo
		s.Nodes = append(s.Nodes, upgrade.Node{Name: n.Name, Kubelet: info.KubeletVersion, Runtime: info.ContainerRuntimeVersion, Kernel: info.KernelVersion})
	}
	if s.Unseen[upgrade.Room] == "" {
		s.Snapshot = observed.Snapshot{Nodes: found[0].nodes, Pods: found[1].pods}
	}
	for i := range found[2].objects {
		s.Components = append(s.Components, componentsOf(&found[2].objects[i])...)
	}
	for i := range found[3].objects {
		s.Budgets = append(s.Budgets, budgetOf(&found[3].objects[i]))
	}
	var err error
	if s.Releases, err = c.helmReleases(ctx); err != nil {
		s.Unseen[upgrade.HelmReleases] = fmt.Sprintf("which objects releases of Helm hold cannot be seen: %v", explain(err))
	}
	if s.Requests, err = c.deprecatedUses(ctx); err != nil {
		s.Unseen[upgrade.RemovedAPIs] = fmt.Sprintf("which deprecated APIs clients ask for cannot be seen: %v", explain(err))
	}
	return s, ctx.Err()
}

// controlPlane are the containers of static pods whose version the skew policy is about.
var controlPlane = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "cloud-controller-manager"}

// componentsOf returns those of a static pod. The version is the tag of the image.
func componentsOf(pod *manifest.Object) []upgrade.Component {
	var all []upgrade.Component
	containers, _, _ := unstructured.NestedSlice(pod.Object, "spec", "containers")
	for _, container := range containers {
		fields, _ := container.(map[string]any)
		name, _ := fields["name"].(string)
		image, _ := fields["image"].(string)
		image, _, _ = strings.Cut(image, "@")
		if at := strings.LastIndexByte(image, ':'); at >= 0 && slices.Contains(controlPlane, name) {
			all = append(all, upgrade.Component{Name: name, Pod: pod.GetName(), Version: image[at+1:]})
		}
	}
	return all
}

func budgetOf(o *manifest.Object) upgrade.Budget {
	number := func(name string) int64 {
		n, _, _ := unstructured.NestedInt64(o.Object, "status", name)
		return n
	}
	return upgrade.Budget{ID: manifest.IDOf(o), Pods: number("expectedPods"), Allowed: number("disruptionsAllowed")}
}

// deprecatedUses reads which APIs that are to go somebody has asked for since the API server started.
func (c *Client) deprecatedUses(ctx context.Context) ([]upgrade.DeprecatedUse, error) {
	if !c.atLeast(deprecatedFrom) {
		return nil, nil
	}
	body, err := c.raw.Get().AbsPath("/metrics").Stream(allow(ctx, metricsAnswer))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return usesIn(body)
}

var labelPattern = regexp.MustCompile(`(?:^|,)(group|version|resource|removed_release)="([^"\\]{0,253})"`)

// usesIn reads the metric apiserver_requested_deprecated_apis of an API server (k8s.io/apiserver, endpoints/metrics).
func usesIn(metrics io.Reader) ([]upgrade.DeprecatedUse, error) {
	var all []upgrade.DeprecatedUse
	lines := bufio.NewScanner(metrics)
	lines.Buffer(make([]byte, 0, 64<<10), 1<<20)
	for lines.Scan() {
		labels, ok := strings.CutPrefix(lines.Text(), "apiserver_requested_deprecated_apis{")
		if !ok || len(all) == maxUses {
			continue
		}
		var u upgrade.DeprecatedUse
		into := map[string]*string{"group": &u.Group, "version": &u.Version, "resource": &u.Resource, "removed_release": &u.Removed}
		for _, m := range labelPattern.FindAllStringSubmatch(labels, 10) {
			*into[m[1]] = m[2]
		}
		if len(validation.IsDNS1035Label(u.Version)) == 0 && !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all, lines.Err()
}
