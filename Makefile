# What CI runs is lint and test; README.md shows demo and test. Everything is built from source by Go alone, so that a fresh
# machine with Go, make and git needs nothing else, but for a browser that one test looks with. CGO stays off: one static binary.
export CGO_ENABLED = 0

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
DEADCODE = golang.org/x/tools/cmd/deadcode@v0.48.0
# The packages under testdata, which ./... leaves out.
BED = ./testdata/bed ./testdata/apisnapshot ./testdata/clusterbed

.PHONY: oracle all build image release test fuzz browser test-versions test-reliability e2e faults claims outside lint policy update apis parity bench footprint demo clean

all: lint test build

## build: the binary, in bin/
build:
	$(GO) build -trimpath -ldflags "-s -w" -o bin/fitout ./cmd/fitout

## image: the image of probe pods, for amd64 and arm64, in bin/fitout-image.tar; takes no container engine
IMAGE ?= docker.io/fitout/fitout:devel
PLATFORMS = linux/amd64 linux/arm64
image:
	for platform in $(PLATFORMS); do \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build -trimpath -ldflags "-s -w" -o bin/$$platform/fitout ./cmd/fitout || exit 1; \
	done
	$(GO) run ./internal/ociimage/cmd --name $(IMAGE) --out bin/fitout-image.tar $(foreach p,$(PLATFORMS),$(p)=bin/$(p)/fitout)

## release: the files of a release in dist/, from VERSION=v1.2.3; linux/amd64 is built twice and compared
RELEASE_PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
release:
	@case "$(VERSION)" in v[0-9]*) ;; *) echo "release: give VERSION=v1.2.3"; exit 2 ;; esac
	rm -rf dist && mkdir -p dist
	for platform in $(RELEASE_PLATFORMS); do \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build -trimpath -ldflags "-s -w -X main.release=$(VERSION)" -o dist/bin/$$platform/fitout ./cmd/fitout || exit 1; \
	done
	GOCACHE=$(CURDIR)/dist/cache GOOS=linux GOARCH=amd64 $(GO) build -trimpath -ldflags "-s -w -X main.release=$(VERSION)" -o dist/bin/again ./cmd/fitout
	cmp dist/bin/again dist/bin/linux/amd64/fitout && rm -rf dist/cache dist/bin/again
	dist/bin/$$($(GO) env GOOS)/$$($(GO) env GOARCH)/fitout sbom --program > dist/fitout.cdx.json
	$(GO) run ./internal/ociimage/cmd --name docker.io/fitout/fitout:$(VERSION) --out dist/fitout-image.tar $(foreach p,$(PLATFORMS),$(p)=dist/bin/$(p)/fitout)
	$(GO) run ./internal/release/cmd --version $(VERSION) --out dist --beside dist/fitout.cdx.json,dist/fitout-image.tar $(foreach p,$(RELEASE_PLATFORMS),$(p)=dist/bin/$(p)/fitout)
	cd dist && sha256sum -c checksums.txt

## test: unit, golden, command scripts, and live tests on real control planes (built on the first run, then cached)
test: browser
	$(GO) run ./testdata/bed build --kubernetes 1.36
	$(GO) run ./testdata/bed build --kubernetes 1.18
	$(GO) test -timeout 60m ./...

## fuzz: every fuzz target of all packages, FUZZTIME each; a crash fails, and its input is left in the package's testdata/fuzz
FUZZTIME ?= 20s
fuzz:
	@list=$$($(GO) test -list '^Fuzz' ./...) || { echo "$$list"; exit 1; }; \
	echo "$$list" | awk '/^Fuzz/ {names[n++] = $$1} /^ok/ {for (i = 0; i < n; i++) print $$2, names[i]; n = 0}' | while read -r package target; do \
		echo "fuzz: $$package $$target for $(FUZZTIME)"; \
		$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s "$$package" </dev/null || { git diff --no-index /dev/null "$$(git ls-files --others '*/testdata/fuzz/*' | head -1)"; exit 1; }; \
	done

# The browser that a test looks at the HTML report with, from Debian; without root or apt that test is skipped, and says so.
browser:
	@command -v chromium >/dev/null || ! command -v apt-get >/dev/null || [ "$$(id -u)" != 0 ] || { \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null; }

## test-versions: every combination of every bundle applied twice to the real API server of its version; an hour
MINORS = $(basename $(notdir $(wildcard bundles/*.yaml)))
comma = ,
empty =
space = $(empty) $(empty)
test-versions:
	$(GO) run ./testdata/bed build
	$(GO) test -timeout 150m ./cmd/fitout -run 'TestLive$$' -v -apply-all -minors $(subst $(space),$(comma),$(MINORS))

## test-reliability: every fault of docs/reliability.md on both control planes, every request broken once, 200 kills; half an hour
test-reliability:
	$(GO) run ./testdata/bed build --kubernetes 1.36
	$(GO) run ./testdata/bed build --kubernetes 1.18
	FITOUT_RELIABILITY=all $(GO) test -count=1 -timeout 150m -parallel 4 -v ./internal/reliability

## e2e: a real two-node cluster on this machine, fitted out and tried (root, Debian, cgroup v1; docs/test-beds.md); CNI=cilium or calico, KUBE_PROXY=false
KUBERNETES ?= 1.36
CNI ?= flannel
KUBE_PROXY ?= true
e2e:
	FITOUT_E2E=$(KUBERNETES) FITOUT_E2E_CNI=$(CNI) FITOUT_E2E_KUBE_PROXY=$(KUBE_PROXY) $(GO) test -count=1 -timeout 60m -v ./internal/clusterbed -run '^TestEndToEnd$$'

## faults: breaks that cluster in 27 ways, one after the other, and wants the check to name each; a quarter of an hour
faults:
	FITOUT_FAULTS=$(KUBERNETES) $(GO) test -count=1 -timeout 90m -v ./internal/clusterbed -run '^TestDigest$$'

## claims: makes claims of good and of broken volumes on that cluster: does the check name each? eight minutes
claims:
	FITOUT_CLAIM=$(KUBERNETES) $(GO) test -count=1 -timeout 60m -v ./internal/clusterbed -run '^TestClaim$$'

## outside: asks that cluster what can be asked without pods, and breaks it; two minutes
outside:
	FITOUT_OUTSIDE=$(KUBERNETES) $(GO) test -count=1 -timeout 60m -v ./internal/clusterbed -run '^TestOutside$$'

## lint: formatting, vet, static analysis, dead code, a tidy go.mod, and the policies of the catalogue
lint:
	@unformatted=$$(gofmt -l addons bundles cmd internal pkg testdata/bed/*.go testdata/apisnapshot testdata/applybench testdata/clusterbed/*.go testdata/policy testdata/sigstore-oracle); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w:" $$unformatted; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet ./... $(BED)
	$(GO) run $(STATICCHECK) ./... $(BED)
	@dead=$$($(GO) run $(DEADCODE) -test ./cmd/... ./pkg/... ./internal/... $(BED)) || exit 1; \
	if [ -n "$$dead" ]; then echo "$$dead"; echo "dead code, remove it"; exit 1; fi
	$(MAKE) policy
	$(MAKE) oracle

## policy: pod security levels, kube-score, RBAC rules and image references over all modern bundles; prints what is excepted
policy:
	cd testdata/policy && $(GO) mod tidy -diff && $(GO) vet . && $(GO) run $(STATICCHECK) . && $(GO) test . && GO="$(GO)" $(GO) run .

## oracle: the table of CoreDNS's plugins against coredns/corefile-migration, and signatures against Sigstore's library
oracle:
	cd testdata/sigstore-oracle && $(GO) mod tidy -diff && $(GO) vet . && $(GO) test .
	cd testdata/corefile-oracle && $(GO) mod tidy -diff && $(GO) vet . && $(GO) run $(STATICCHECK) . && $(GO) test .

## parity: what differs from the manifests that upstream publishes, which PARITY_REFERENCES names the folder of
parity:
	@if [ -z "$(PARITY_REFERENCES)" ]; then \
		echo "parity: not compared, upstream's manifests are not at hand; set PARITY_REFERENCES to their folder"; \
	else \
		$(GO) run ./internal/parity/cmd "$(PARITY_REFERENCES)"; \
	fi

## update: rewrite golden files, the schema of the report, generated pages and expected outputs of scripts; read the difference before you commit it
update:
	$(GO) test ./pkg/fitout ./pkg/golden -run 'TestGolden|TestDelta' -update
	$(GO) test ./pkg/bundle ./cmd/fitout -run TestDocs -update
	$(GO) test ./pkg/report -run 'TestHTML$$|TestSchema$$' -update
	UPDATE_SCRIPTS=1 $(GO) test ./cmd/fitout -run 'TestScript$$'

## apis: rewrite the API snapshots of all bundles' versions from real API servers; builds those that the cache lacks
apis:
	$(GO) run ./testdata/apisnapshot $(MINORS)

## bench: the figures of docs/performance.md; the comparison with kubectl and Helm takes half an hour
bench:
	$(GO) run ./internal/applybench
	$(GO) test ./pkg/fitout ./pkg/cluster ./cmd/fitout -run '^$$' -bench . -skip GoldenProcess -benchmem -count 6
	$(GO) test ./cmd/fitout -run '^$$' -bench GoldenProcess -benchtime 1x -timeout 60m
	$(GO) test ./internal/bigcluster -run '^$$' -bench . -benchtime 1x -count 3

## footprint: what the addons use on the nodes of the cluster of e2e: the figures of docs/footprint.md; five minutes; CNI=cilium or calico, KUBE_PROXY=false
footprint:
	FITOUT_FOOTPRINT=$(KUBERNETES) FITOUT_E2E_CNI=$(CNI) FITOUT_E2E_KUBE_PROXY=$(KUBE_PROXY) $(GO) test -count=1 -timeout 60m -v ./internal/clusterbed -run '^TestFootprint$$'

## demo: a control plane with three simulated nodes, fitted out twice
demo: build
	GO="$(GO)" sh testdata/demo.sh

clean:
	rm -rf bin dist
