# The agent's image: Debian, what the files of an attempt call, and the agent's program.
#
#   docker build -t REPOSITORY:TAG -f cmd/runfleet/images/agent.Dockerfile cmd/runfleet/images
#
# build.sh makes the same without a registry, from the same two lists.
FROM node:22-bookworm-slim AS program
WORKDIR /npm
COPY agent.npm .
# The package of this platform brings one program that needs no Node.js.
RUN xargs npm install --no-audit --no-fund --ignore-scripts <agent.npm \
 && cp node_modules/@anthropic-ai/claude-code-linux-*/claude /usr/local/bin/claude

FROM debian:bookworm-slim
COPY agent.packages /tmp/
RUN apt-get update \
 && xargs apt-get install --yes --no-install-recommends </tmp/agent.packages \
 && rm -rf /var/lib/apt/lists/* /tmp/agent.packages \
 && groupadd --gid 1000 agent \
 && useradd --uid 1000 --gid 1000 --create-home --home-dir /home/agent --shell /bin/sh agent
COPY --from=program /usr/local/bin/claude /usr/local/bin/claude
USER 1000:1000
WORKDIR /workspace
ENV HOME=/home/agent DISABLE_AUTOUPDATER=1
CMD ["claude"]
