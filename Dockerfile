# The password of the first start stands in its log.
# docker build -t broadsheet . && docker run --rm -p 127.0.0.1:7860:7860 -v broadsheet:/data broadsheet
FROM python:3.11-slim

# OpenMP, which torch and OpenVINO compute with
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 reader \
    && mkdir -p /data/index /data/models && chown -R reader /data
WORKDIR /app

# The CPU build of torch: the default one on Linux brings gigabytes of CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements.lock requirements-torch-cpu.lock ./
RUN pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" --no-deps --require-hashes \
    --only-binary :all: -r requirements.lock -r requirements-torch-cpu.lock

COPY --chown=reader app.py LICENSE ./
COPY --chown=reader broadsheet broadsheet
COPY --chown=reader index index
COPY --chown=reader rag rag
COPY --chown=reader web web
COPY --chown=reader prompts prompts
COPY --chown=reader articles articles

USER reader
ENV BROADSHEET_DATA_DIR=/data/index BROADSHEET_MODEL_DIR=/data/models PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=10m \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"
ENTRYPOINT ["python", "app.py", "--host", "0.0.0.0", "--auth", "/data/people"]
