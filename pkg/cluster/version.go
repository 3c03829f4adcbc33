package cluster

// AppliesServerSide reports whether objects are applied by server-side apply on a server of a version (v1.36.4).
func AppliesServerSide(version string) bool {
	c := Client{version: version}
	return c.atLeast(serverSideApplyFrom)
}
