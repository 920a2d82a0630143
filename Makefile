# Each target installs what it needs and says what it does. `make help` lists them.

SWIFT ?= swift
SEED  ?= 2505
OUT   ?= runs/ich
# Arguments passed on, such as: make study ARGS="--heads 24"
ARGS  ?=
# Flags for every debug build, such as warnings as errors.
SWIFT_FLAGS ?=

.PHONY: help install study test test-release bench docs format lint gallery snippets clean

help: ## What the targets do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

install: ## Install libpng and zlib where they are missing (apt or Homebrew)
	@Scripts/install.sh

study: install ## Build in release and run study 1 on generated head phantoms; ends with a report
	@echo "study: building the roentgen command (release)"
	@$(SWIFT) build -c release --package-path Studies --product roentgen
	@"$$($(SWIFT) build -c release --package-path Studies --show-bin-path)/roentgen" study ich \
	  --seed $(SEED) --output "$(OUT)" $(ARGS)

test: install ## Build and run every test (debug), of the libraries and of the studies
	@echo "test: the five libraries"
	@$(SWIFT) test $(SWIFT_FLAGS)
	@echo "test: the studies"
	@$(SWIFT) test --package-path Studies $(SWIFT_FLAGS)

test-release: install ## The kernels' and codecs' tests with optimisation, as users run them
	@$(SWIFT) test -c release

bench: install ## Time against the peers: make bench, or make bench ONLY=VolumeIO
	@Scripts/install.sh --python
	@Scripts/bench.sh $(if $(QUICK),--quick) $(ONLY)

docs: install ## Build the documentation, warnings as errors, into .build/docs
	@SWIFT_FLAGS="$(SWIFT_FLAGS)" Scripts/docs.sh

gallery: install ## One contact sheet of every picture the suite draws, into runs/gallery
	@$(SWIFT) build -c release --package-path Studies --product roentgen
	@"$$($(SWIFT) build -c release --package-path Studies --show-bin-path)/roentgen" gallery \
	  --output runs/gallery

snippets: install ## Build and run every snippet
	@SWIFT_FLAGS="$(SWIFT_FLAGS)" Scripts/snippets.sh

format: ## Format every Swift file
	@$(SWIFT) format -i -r -p Package.swift Sources Tests Snippets Studies/Package.swift \
	  Studies/Sources Studies/Tests Benchmarks/Package.swift Benchmarks/Sources

lint: ## Check the formatting and the rules that grep can hold
	@Scripts/lint.sh

clean: ## Remove what was built; runs/ stays
	@rm -rf .build Studies/.build Benchmarks/.build Fuzz/.build
