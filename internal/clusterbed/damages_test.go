//go:build linux

package clusterbed_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"slices"
	"time"
)

// damages are what breaks in clusters.
var damages = []damage{
	{name: "image of the CNI missing", breaks: cniImageMissing, addon: "flannel", check: "ready", cause: "image-unreachable",
		says: []string{"node node-2 does not reach the registry of", "flannel"}},
	{name: "image cannot be pulled", breaks: image("registry.invalid/coredns:v0"), addon: "coredns", check: "ready", cause: "image-unreachable",
		says: []string{"the registry of registry.invalid/coredns:v0", "lookup registry.invalid"}, waits: true},
	{name: "no name of an image", breaks: image("registry.invalid/NO NAME"), addon: "coredns", check: "ready", cause: "image-name",
		says: []string{"registry.invalid/NO NAME is no name of an image"}, ends: true},
	{name: "wrong pod CIDR", breaks: wrongPodCIDR, addon: "flannel", check: "ready", cause: "pod-cidr",
		says: []string{`configured for 10.99.0.0/16, but node node-2 has the pod CIDR 100.64.`}},
	{name: "host port taken", breaks: hostPortTaken, addon: "traefik", check: "ready", cause: "host-port",
		says: []string{"host port 80 of node node-2 is held by pod kube-system/holder"}, rows: []string{"traefik/host-ports"}},
	{name: "CoreDNS asks itself", breaks: coreFile("forward . /etc/resolv.conf", "forward . 127.0.0.1:53"), addon: "coredns", check: "ready", cause: "dns-loop",
		says: []string{"CoreDNS forwards to itself", "127.0.0.1:"}},
	{name: "broken configuration", breaks: coreFile("ready\n", "reddy\n"), addon: "coredns", check: "ready", cause: "crash-loop",
		says: []string{"container coredns ends with exit code 1", "Unknown directive 'reddy'"}, rows: []string{"coredns/dns-service", "coredns/dns-pods"}},
	{name: "kubelet certificate refused", breaks: kubeletRefused, addon: "metrics-server", check: "ready", cause: "certificate",
		says: []string{"container metrics-server does not trust the certificate of 198.18.0.1", "x509: "}},
	{name: "memory limit too small", breaks: resources("memory", "7Mi"), addon: "coredns", check: "ready", cause: "memory-limit",
		says: []string{"its limit of 7Mi"}},
	{name: "CPU request too big", breaks: resources("cpu", "64"), addon: "coredns", check: "ready", cause: "cpu",
		says: []string{"asks for 64 of cpu, which no node has left", "node-2 has 2, of which "}},
	{name: "memory request too big", breaks: resources("memory", "900Gi"), addon: "coredns", check: "ready", cause: "memory",
		says: []string{"asks for 900Gi of memory", "node-1 has "}},
	{name: "every node tainted", breaks: tainted, addon: "coredns", check: "ready", cause: "taint",
		says: []string{"node node-1 has the taint maintenance=today:NoSchedule"}},
	{name: "no node with the label", breaks: selects, addon: "coredns", check: "ready", cause: "node-selector",
		says: []string{"no node has the labels that pod coredns-"}},
	{name: "missing Secret to mount", breaks: mountsSecret, addon: "coredns", check: "ready", cause: "mount-missing",
		says: []string{"the secret absent, which volume extra of pod coredns-"}, ends: true},
	{name: "missing ConfigMap for variables", breaks: readsConfigMap, addon: "coredns", check: "ready", cause: "config-missing",
		says: []string{"the configmap absent is not in namespace kube-system"}},
	{name: "readiness probe fails", breaks: probesWrongPath, addon: "coredns", check: "ready", cause: "probe",
		says: []string{"Readiness probe of container coredns fails: HTTP probe failed with statuscode: 404"}},
	{name: "quota used up", breaks: quota, addon: "coredns", check: "ready", cause: "quota",
		says: []string{"the ResourceQuota few of namespace kube-system is used up", "limited to pods=0"}, ends: true},
	{name: "webhook down", breaks: webhookDown, addon: "coredns", check: "ready", cause: "webhook-down",
		says: []string{"of validatingwebhookconfiguration gate, which asks Service kube-system/gate", `service "gate" not found`}, waits: true},
	{name: "pod security", breaks: podSecurity, addon: "kube-proxy", check: "ready", cause: "pod-security",
		says: []string{"allows pods of the level restricted:latest only", "host namespaces"}},
	{name: "ServiceAccount gone", breaks: accountGone, addon: "coredns", check: "ready", cause: "service-account-missing",
		says: []string{"the pods run as ServiceAccount coredns"}},
	{name: "API without backend", breaks: apiUnreachable, addon: "metrics-server", check: "api", cause: "api-unreachable",
		says: []string{"the API server does not reach the pod behind the API at https://10.32."}},
	{name: "CNI plugin missing", breaks: pluginMissing, addon: "traefik", check: "ready", cause: "cni-plugin-missing",
		says: []string{"node node-2 has no CNI plugin flannel in /opt/cni/bin"}},
	{name: "CNI configuration missing", breaks: cniUnconfigured, check: "nodes", cause: "cni-not-ready",
		says: []string{"the pod network of node node-2 is not set up"}},
	{name: "kube-proxy stopped", breaks: proxyStopped, addon: "kube-proxy", check: "ready", cause: "probe",
		says: []string{"probe of container kube-proxy fails", ":10256/livez"}},
	{name: "disk under pressure", breaks: diskPressure, check: "nodes", cause: "disk-pressure",
		says: []string{"node node-2 has too little room on a disk since "}},
	{name: "node stopped", breaks: nodeStopped, check: "nodes", cause: "node-stopped",
		says: []string{"node node-2 has not been heard of since "}},
	{name: "node of a DaemonSet stopped", breaks: nodeStopped, addon: "flannel", check: "ready", cause: "node-stopped",
		says: []string{"node node-2 has not been heard of since "}},
}

func cniImageMissing(w *wreck) {
	w.container("/apis/apps/v1/namespaces/kube-flannel/daemonsets/kube-flannel-ds", func(_, container object) {
		if err := w.f.bed.RemoveImage(w.Context(), damaged, container["image"].(string)); err != nil {
			w.Error(err)
		}
	})
	w.later(func() {
		if err := w.f.bed.LoadImages(w.Context(), damaged); err != nil {
			w.Error(err)
		}
	})
	w.restart("kube-flannel", "kube-flannel-ds", damaged)
}

func image(name string) func(*wreck) {
	return func(w *wreck) {
		w.container(coreDNS, func(_, container object) { container["image"] = name })
	}
}

func wrongPodCIDR(w *wreck) {
	w.change(flannelConfig, func(o object) {
		data := o["data"].(object)
		data["net-conf.json"] = `{"Network": "10.99.0.0/16", "Backend": {"Type": "vxlan"}}`
	})
	w.restart("kube-flannel", "kube-flannel-ds", damaged)
}

// hostPortTaken lets a more important pod drive out that of the ingress controller.
func hostPortTaken(w *wreck) {
	w.create(kubeSystem+"/pods", object{
		"metadata": object{"name": "holder"},
		"spec": object{
			"priorityClassName": "system-node-critical", "nodeSelector": object{"kubernetes.io/hostname": damaged},
			"containers": []any{object{"name": "holder", "image": "registry.invalid/holder:v0", "ports": []any{object{"containerPort": 80, "hostPort": 80}}}},
		},
	})
}

func coreFile(old, new string) func(*wreck) {
	return func(w *wreck) {
		w.replace(corefile, "Corefile", old, new)
		w.restart("kube-system", "coredns", "")
	}
}

// kubeletRefused lets metrics-server trust another authority than the one that has signed for the kubelets.
func kubeletRefused(w *wreck) {
	w.create(kubeSystem+"/configmaps", object{"metadata": object{"name": "other-ca"}, "data": object{"ca.crt": authority(w)}})
	w.container(metricsServer, func(pod, container object) {
		pod["volumes"] = append(pod["volumes"].([]any), object{"name": "ca", "configMap": object{"name": "other-ca"}})
		container["volumeMounts"] = append(container["volumeMounts"].([]any), object{"name": "ca", "mountPath": "/ca"})
		args := slices.DeleteFunc(container["args"].([]any), func(arg any) bool { return arg == "--kubelet-insecure-tls" })
		container["args"] = append(args, "--kubelet-certificate-authority=/ca/ca.crt")
	})
}

// authority returns the certificate of an authority that nobody knows.
func authority(w *wreck) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		w.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
}

// resources lets the container of CoreDNS ask for so much of a resource, and no more.
func resources(name, amount string) func(*wreck) {
	return func(w *wreck) {
		w.container(coreDNS, func(_, container object) {
			container["resources"] = object{"limits": object{name: amount}, "requests": object{name: amount}}
		})
	}
}

func tainted(w *wreck) {
	for _, node := range w.f.nodes() {
		w.change("/api/v1/nodes/"+node, func(o object) {
			o["spec"].(object)["taints"] = []any{object{"key": "maintenance", "value": "today", "effect": "NoSchedule"}}
		})
	}
	w.deletePods("kube-system", "coredns", "")
}

func selects(w *wreck) {
	w.container(coreDNS, func(pod, _ object) { pod["nodeSelector"] = object{"no": "such"} })
}

func mountsSecret(w *wreck) {
	w.container(coreDNS, func(pod, container object) {
		pod["volumes"] = append(pod["volumes"].([]any), object{"name": "extra", "secret": object{"secretName": "absent"}})
		container["volumeMounts"] = append(container["volumeMounts"].([]any), object{"name": "extra", "mountPath": "/extra"})
	})
}

func readsConfigMap(w *wreck) {
	w.container(coreDNS, func(_, container object) {
		container["envFrom"] = []any{object{"configMapRef": object{"name": "absent"}}}
	})
}

func probesWrongPath(w *wreck) {
	w.container(coreDNS, func(_, container object) {
		container["readinessProbe"].(object)["httpGet"].(object)["path"] = "/no/such/path"
	})
}

func quota(w *wreck) {
	w.later(func() { w.wake("coredns") })
	w.create(kubeSystem+"/resourcequotas", object{"metadata": object{"name": "few"}, "spec": object{"hard": object{"pods": "0"}}})
	w.deletePods("kube-system", "coredns", "")
}

func webhookDown(w *wreck) {
	w.later(func() { w.wake("coredns") })
	w.create("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", object{
		"metadata": object{"name": "gate"},
		"webhooks": []any{object{
			"name": "gate.example.org", "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": []any{"v1"}, "timeoutSeconds": 2,
			"clientConfig": object{"service": object{"namespace": "kube-system", "name": "gate"}},
			"rules":        []any{object{"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"pods"}}},
		}},
	})
	w.deletePods("kube-system", "coredns", "")
}

func podSecurity(w *wreck) {
	label := func(level any) func() {
		return func() {
			var namespace object
			w.do(http.MethodGet, kubeSystem, nil, &namespace)
			labels := namespace["metadata"].(object)["labels"].(object)
			delete(labels, "pod-security.kubernetes.io/enforce")
			if level != nil {
				labels["pod-security.kubernetes.io/enforce"] = level
			}
			w.do(http.MethodPut, kubeSystem, namespace, nil)
		}
	}
	label("restricted")()
	w.later(label(nil))
	w.deletePods("kube-system", "kube-proxy", damaged)
}

func accountGone(w *wreck) {
	path := kubeSystem + "/serviceaccounts/coredns"
	var account object
	w.later(func() { w.wake("coredns") })
	w.do(http.MethodGet, path, nil, &account)
	w.do(http.MethodDelete, path, nil, nil)
	w.later(func() {
		metadata := account["metadata"].(object)
		delete(metadata, "uid")
		delete(metadata, "resourceVersion")
		w.do(http.MethodPost, kubeSystem+"/serviceaccounts", account, nil)
	})
	w.restart("kube-system", "coredns", "")
}

// apiUnreachable leads the API's Service nowhere. The API server keeps its connection to the old pod.
func apiUnreachable(w *wreck) {
	w.restart("kube-system", "metrics-server", "")
	w.change(kubeSystem+"/services/metrics-server", func(o object) {
		o["spec"].(object)["ports"].([]any)[0].(object)["targetPort"] = 9
	})
}

func pluginMissing(w *wreck) {
	w.sh(damaged, "mv /opt/cni/bin/flannel /opt/cni/bin/hidden", "mv /opt/cni/bin/hidden /opt/cni/bin/flannel")
	w.restart("kube-system", "traefik", damaged)
}

func cniUnconfigured(w *wreck) {
	w.sh(damaged, "mv /etc/cni/net.d/10-flannel.conflist /etc/cni/", "mv /etc/cni/10-flannel.conflist /etc/cni/net.d/")
}

func proxyStopped(w *wreck) {
	w.sh(damaged, "kill -STOP $(pgrep -x kube-proxy)", "kill -CONT $(pgrep -x kube-proxy) || true")
}

// diskPressure lets the kubelet want more room on the disk than there is.
func diskPressure(w *wreck) {
	config := w.f.bed.Dir + "/conf/" + damaged + "-kubelet.yaml"
	want := func(from, to string) {
		w.f.sh(w.T, damaged, "sed -i 's/nodefs.available: "+from+"/nodefs.available: "+to+"/' "+config)
		if _, err := w.f.bed.KillProcess(damaged, "kubelet"); err != nil { // it is started again
			w.Error(err)
		}
	}
	want("0%", "99%")
	w.later(func() { want("99%", "0%") })
}

func nodeStopped(w *wreck) {
	if err := w.f.bed.KillNode(w.Context(), damaged); err != nil {
		w.Error(err)
	}
	w.later(func() {
		if err := w.f.bed.StartNode(w.Context(), damaged); err != nil {
			w.Error(err)
		}
	})
}
