# The images of Dispatch. `dispatch` holds what API, worker and migrations need and nothing else; `gateway` holds OpenClaw
# and the plugin, and is larger by most of a gigabyte, so it is an image of its own.

FROM node:24.22.3-bookworm-slim AS manifests
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./

# Without optional packages: Node comes with the image, and Postgres from a container of its own.
FROM manifests AS production-modules
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile --prod --no-optional

FROM manifests AS all-modules
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile

FROM node:24.22.3-bookworm-slim AS runtime
# Nothing is installed any more from here on, so nothing stays that could.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-*
ENV NODE_ENV=production
WORKDIR /app

FROM runtime AS dispatch
COPY --from=production-modules /app/node_modules node_modules
COPY package.json ./
COPY dispatch dispatch
COPY scripts scripts
USER node
EXPOSE 8080
CMD ["node", "--max-semi-space-size=4", "dispatch/api/main.ts"]

FROM all-modules AS plugin
COPY dispatch dispatch
COPY plugin plugin
COPY scripts scripts
RUN node scripts/plugin-build.ts

FROM runtime AS gateway
COPY --from=plugin /app /app
RUN install -d -o node -g node /data node_modules/.cache
ENV DISPATCH_DATA_DIR=/data
USER node
VOLUME /data
EXPOSE 18080
CMD ["node", "scripts/gateway.ts", "--bind", "lan"]
