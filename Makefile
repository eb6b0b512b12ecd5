# The two commands that a newcomer needs are `make demo` and `make test`.

# Tests run on the optimised build; -enable-testing lets them see internals, and the same flags everywhere share one build.
SWIFT_FLAGS = -c release -Xswiftc -enable-testing $(if $(TRAITS),--traits $(TRAITS))
CLI = .build/release/translate-cli
DEMO = demo

# Homebrew keeps OpenBLAS out of pkg-config's default path.
ifeq ($(shell uname -s),Darwin)
  export PKG_CONFIG_PATH := $(shell brew --prefix openblas 2>/dev/null)/lib/pkgconfig:$(PKG_CONFIG_PATH)
endif

# `make build TRAITS=MPI`: training by several processes.
export TRAITS

.PHONY: build demo test test-mpi test-sanitized bench format lint clean dependencies portable install dist

dependencies:
	@scripts/install-dependencies

build: dependencies
	swift build $(SWIFT_FLAGS)

# Draws a data set, trains for a minute or two, and translates pictures that training has not seen.
demo: build
	rm -rf $(DEMO)
	$(CLI) demo-data paired $(DEMO)/data --count 120 --size 128
	$(CLI) train paired $(DEMO)/data --out $(DEMO)/run --direction BtoA --generator unet_128 --ngf 32 --ndf 32 \
	  --load-size 136 --crop-size 128 --steps 2400 --sample-every 400
	$(CLI) apply $(DEMO)/run $(DEMO)/data/val --half right --out $(DEMO)/translated
	$(CLI) evaluate $(DEMO)/translated $(DEMO)/data/val --half left
	@echo
	@echo "Look at $(DEMO)/translated/, $(DEMO)/run/samples/ and $(DEMO)/run/index.html"

test: dependencies
	scripts/check-directions
	swift build $(SWIFT_FLAGS) --build-tests
	scripts/check-kernel-symbols
	scripts/check-debug-build
	scripts/test-narrower-kernels $(SWIFT_FLAGS)
	swift test $(SWIFT_FLAGS) --skip-build --no-parallel

# Training over MPI, by a program of its own.
test-mpi:
	TRAITS=MPI scripts/install-dependencies
	scripts/test-mpi

# What runs on several threads, under the thread sanitizer: a report fails the run.
SANITIZED = GradientPenalty|SharedUpdate|RankTests|FusedUpdate|Reproducibility|WorkerPool|WorkQueue|BatchLoader|GoldenTrajectory|TrainingSession

test-sanitized: dependencies
	swift build $(SWIFT_FLAGS) --sanitize=thread --scratch-path .build-sanitized --build-tests
	TSAN_OPTIONS=suppressions=$(CURDIR)/scripts/thread-sanitizer.supp \
	swift test $(SWIFT_FLAGS) --sanitize=thread --scratch-path .build-sanitized --skip-build --no-parallel \
	  --filter '$(SANITIZED)'

# The program with Swift's own libraries in it: it runs where no Swift is installed, given libpng and OpenBLAS.
PORTABLE = .build-portable/release/translate-cli
PREFIX ?= /usr/local
VERSION = $(shell sed -n 's/.*static let current = "\(.*\)"/\1/p' Sources/Translate/PackageVersion.swift)
DIST = translate-$(VERSION)-$(shell uname -s | tr A-Z a-z)-$(shell uname -m)

portable: dependencies
	swift build -c release --static-swift-stdlib --scratch-path .build-portable --product translate-cli

# Program, manual page and completions below PREFIX (and DESTDIR, for packages).
install: portable
	scripts/install-program $(PORTABLE) "$(DESTDIR)$(PREFIX)"

# An archive of the same for machines of this kind, checked where no Swift can be found.
dist: portable
	rm -rf dist/$(DIST)
	scripts/install-program $(PORTABLE) dist/$(DIST)
	cp README.md CHANGELOG.md dist/$(DIST)
	scripts/check-portable dist/$(DIST)/bin/translate-cli
	tar -C dist -czf dist/$(DIST).tar.gz $(DIST)
	@echo "dist/$(DIST).tar.gz"

bench: build
	.build/release/translate-bench

format:
	swift format --in-place --recursive Sources Tests Package.swift

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

clean:
	rm -rf .build .build-sanitized .build-portable dist $(DEMO)
